/** What is cleared away by itself. */
@NullMarked
package io.cowshed.attachment;

import org.jspecify.annotations.NullMarked;
