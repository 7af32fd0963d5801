/** The call that lists events, and how an event looks in JSON wherever it is told. */
@NullMarked
@NamedInterface("web")
package io.cowshed.event.web;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.NamedInterface;
