package io.cowshed.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** Signals to processes, which Java itself has no more than two of. */
final class Signals {

    private Signals() {}

    /** @param name as {@code kill -l} has it, such as {@code STOP} */
    static void send(String name, LongStream pids) {
        List<String> command = new ArrayList<>(List.of("kill", "-" + name));
        pids.mapToObj(Long::toString).forEach(command::add);
        try {
            int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
            if (exit != 0) {
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
