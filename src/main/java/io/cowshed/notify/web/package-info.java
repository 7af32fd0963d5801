/** The calls about subscriptions and deliveries. */
@NullMarked
package io.cowshed.notify.web;

import org.jspecify.annotations.NullMarked;
