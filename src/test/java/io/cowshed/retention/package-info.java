/** What is cleared away by itself. */
@NullMarked
package io.cowshed.retention;

import org.jspecify.annotations.NullMarked;
