/** Operations, their claims and their queue, on both databases. */
@NullMarked
package io.cowshed.operation;

import org.jspecify.annotations.NullMarked;
