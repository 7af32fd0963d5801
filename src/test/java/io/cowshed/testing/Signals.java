package io.cowshed.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.LongStream;

/** Signals to processes, which Java itself has no more than two of. */
final class Signals {

    private Signals() {}

    /**
     * Sends one to each process that there is: those that have ended meanwhile need none.
     *
     * @param name as {@code kill -l} has it, such as {@code STOP}
     */
    static void send(String name, LongStream pids) {
        pids.forEach(pid -> send(name, pid));
    }

    private static void send(String name, long pid) {
        List<String> command = List.of("kill", "-" + name, Long.toString(pid));
        try {
            int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
            if (exit != 0 && ProcessHandle.of(pid).isPresent()) {
                throw new IllegalStateException(String.join(" ", command) + " ended with " + exit);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
