@NullMarked
package io.cowshed.rescue;

import org.jspecify.annotations.NullMarked;
