/** What is measured, and what is made of it. */
@NullMarked
package io.cowshed.metrics;

import org.jspecify.annotations.NullMarked;
