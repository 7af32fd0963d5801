/** The calls about pools, and the one that takes a clone from a pool. */
@NullMarked
package io.cowshed.pool.web;

import org.jspecify.annotations.NullMarked;
