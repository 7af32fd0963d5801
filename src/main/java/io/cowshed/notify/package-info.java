/**
 * Tells others what happens: who has a {@link io.cowshed.notify.Subscription} is sent events as CloudEvents 1.0, signed as
 * Standard Webhooks has it. {@link io.cowshed.notify.FanOut} follows the one order of events and makes a delivery of each
 * that a subscription wants, exactly once; {@link io.cowshed.notify.Dispatcher} sends what is due, at least once, whoever
 * hangs or fails slowing down nobody else; {@link io.cowshed.notify.TargetGuard} says where nothing is ever sent.
 */
@NullMarked
@ApplicationModule(
        allowedDependencies = {
            "problem",
            "metrics",
            "database",
            "http",
            "event",
            "event::web",
            "catalog",
            "catalog::web"
        })
package io.cowshed.notify;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
