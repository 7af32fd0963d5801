package io.cowshed.engine.posix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What this process has open; other tests open and close files of their own meanwhile. */
final class Descriptors {

    private Descriptors() {}

    /** The descriptors by which it has this file, or directory, open. */
    static List<Integer> of(Path path) throws IOException {
        Path file = path.toRealPath();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors
                    .filter(descriptor -> leadsTo(descriptor, file))
                    .map(descriptor -> Integer.valueOf(String.valueOf(descriptor.getFileName())))
                    .toList();
        }
    }

    private static boolean leadsTo(Path link, Path path) {
        try {
            return Files.readSymbolicLink(link).equals(path);
        } catch (IOException _) {
            return false; // closed meanwhile
        }
    }
}
