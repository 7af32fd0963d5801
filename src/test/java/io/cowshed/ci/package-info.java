/** Tests of hooks. */
@NullMarked
package io.cowshed.ci;

import org.jspecify.annotations.NullMarked;
