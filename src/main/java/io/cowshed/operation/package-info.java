/**
 * Work that takes longer than a request may. An {@link io.cowshed.operation.Operation} is a row that commits together with
 * the rule check that allowed it and with the job that runs it; {@link io.cowshed.operation.Claims} keep the images that it
 * needs from changing under it. A worker on some replica runs it, and when that dies another one begins a new attempt.
 * What is to be done is an {@link io.cowshed.operation.OperationHandler}'s: this module knows images by their ids only.
 *
 * <pre>
 * queued → running → succeeded | failed | cancelled
 * </pre>
 */
@NullMarked
@ApplicationModule(allowedDependencies = {"problem", "metrics", "database", "http", "event"})
package io.cowshed.operation;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
