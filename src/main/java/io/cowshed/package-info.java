/** Cowshed keeps a fleet of VM disk images on one volume, and the copy-on-write graph between them. */
@NullMarked
package io.cowshed;

import org.jspecify.annotations.NullMarked;
