/** The calls that describe hooks, take deliveries and show what came of them. */
@NullMarked
package io.cowshed.ci.web;

import org.jspecify.annotations.NullMarked;
