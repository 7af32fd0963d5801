/** The calls that show and describe images, and how an image looks in JSON wherever it is answered. */
@NullMarked
@NamedInterface("web")
package io.cowshed.catalog.web;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
