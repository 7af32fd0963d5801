package io.cowshed.volume;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;

/** The names in a directory, as they come: memory does not grow with them. Whatever fails is an {@link IOException}. */
final class DirectoryNames {

    private DirectoryNames() {}

    /** Takes a name. */
    @FunctionalInterface
    interface Use {

        /** Takes it. */
        void of(Path name) throws IOException;
    }

    /** Goes through all of them. */
    static void each(Path directory, Use use) throws IOException {
        try (DirectoryStream<Path> names = Files.newDirectoryStream(directory)) {
            for (Path name : names) {
                use.of(name);
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /** Whether there is such a name. */
    static boolean any(Path directory, Predicate<String> wanted) throws IOException {
        try (DirectoryStream<Path> names = Files.newDirectoryStream(
                directory, name -> wanted.test(name.getFileName().toString()))) {
            return names.iterator().hasNext();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }
}
