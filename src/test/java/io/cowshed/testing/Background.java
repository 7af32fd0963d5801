package io.cowshed.testing;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Runs what takes its time beside the test. */
public final class Background {

    private Background() {}

    /** Runs it in a thread of its own: those of the common pool are few, and whoever waits in one keeps others waiting. */
    public static <T> CompletableFuture<T> run(Supplier<T> task) {
        return CompletableFuture.supplyAsync(
                task, command -> Thread.ofPlatform().daemon().start(command));
    }
}
