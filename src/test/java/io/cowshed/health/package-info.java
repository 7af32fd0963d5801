@NullMarked
package io.cowshed.health;

import org.jspecify.annotations.NullMarked;
