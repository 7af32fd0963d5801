/** The catalogue compared with the volume. */
@NullMarked
package io.cowshed.audit;

import org.jspecify.annotations.NullMarked;
