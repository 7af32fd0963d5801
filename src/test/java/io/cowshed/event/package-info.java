/** What is taken down of changes, and that its order misses nothing. */
@NullMarked
package io.cowshed.event;

import org.jspecify.annotations.NullMarked;
