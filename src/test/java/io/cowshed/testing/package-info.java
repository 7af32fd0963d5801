/** What the tests of several modules share. */
@NullMarked
package io.cowshed.testing;

import org.jspecify.annotations.NullMarked;
