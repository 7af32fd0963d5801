/**
 * What images there are and how they hang together. {@link io.cowshed.catalog.Image} owns its transitions;
 * {@link io.cowshed.catalog.Catalog} makes them inside a transaction that has locked every row a rule looks at, and the
 * schema enforces again what two racing transactions could break. {@link io.cowshed.catalog.Images} finds,
 * {@link io.cowshed.catalog.ImageListing} lists and {@link io.cowshed.catalog.Lineages} follows the graph. No file is
 * changed here: callers bring the files about, then have them recorded. {@link io.cowshed.catalog.ImageFiles} opens them.
 * {@link io.cowshed.catalog.Families} and {@link io.cowshed.catalog.Publishing} give images names that come out in versions.
 * Who uses images from outside, {@link io.cowshed.catalog.ImageUse} tells.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {"problem", "metrics", "database", "http", "event", "operation", "volume"})
package io.cowshed.catalog;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
