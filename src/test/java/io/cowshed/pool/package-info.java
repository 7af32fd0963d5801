/** Clones that are made ahead. */
@NullMarked
package io.cowshed.pool;

import org.jspecify.annotations.NullMarked;
