/** The rules of the catalogue, each on both databases. */
@NullMarked
package io.cowshed.catalog;

import org.jspecify.annotations.NullMarked;
