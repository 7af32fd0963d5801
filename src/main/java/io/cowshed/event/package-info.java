/**
 * Who did what, when and from where. Whoever changes something {@linkplain io.cowshed.event.Events#raise raises} an event in
 * the transaction of the change; {@link io.cowshed.event.EventSequence} gives all that is committed its place in one order,
 * in which nothing is ever put before what was read already; {@link io.cowshed.event.EventLog} shows them.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {"problem", "database", "http"})
package io.cowshed.event;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
