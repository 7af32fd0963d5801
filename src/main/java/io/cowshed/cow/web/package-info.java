/** The calls of the copy-on-write verbs. */
@NullMarked
package io.cowshed.cow.web;

import org.jspecify.annotations.NullMarked;
