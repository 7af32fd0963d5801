/** The proof that commits are durable, and of the rest of the module. */
@NullMarked
package io.cowshed.database;

import org.jspecify.annotations.NullMarked;
