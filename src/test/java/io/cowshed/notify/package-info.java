/** What is sent to whom, with receivers that are really there; and where nothing is ever sent. */
@NullMarked
package io.cowshed.notify;

import org.jspecify.annotations.NullMarked;
