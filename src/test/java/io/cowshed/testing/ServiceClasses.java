package io.cowshed.testing;

import io.cowshed.CowshedApplication;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The classes under test as a jar, next to the directory that they are in: what is loaded from jars the JVM keeps, ready to use, in
 * an archive of its own when it ends, and takes from there the next time. That halves a start.
 */
final class ServiceClasses {

    private static final List<String> OPTIONS = make();

    private ServiceClasses() {}

    /** How to start the service with the classes under test, and all that they need. */
    static List<String> options() {
        return OPTIONS;
    }

    private static List<String> make() {
        try {
            Path classes = Path.of(CowshedApplication.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            Path directory = Files.createDirectories(classes.resolveSibling("service"));
            Path jar = directory.resolve("classes.jar");
            if (!isNewer(jar, classes)) {
                pack(classes, jar);
            }
            String libraries = Arrays.stream(
                            System.getProperty("java.class.path").split(File.pathSeparator))
                    .filter(entry -> entry.endsWith(".jar"))
                    .collect(Collectors.joining(File.pathSeparator));
            return List.of(
                    "-XX:+AutoCreateSharedArchive",
                    "-XX:SharedArchiveFile=" + directory.resolve("classes.jsa"),
                    "-Xlog:disable",
                    "-cp",
                    jar + File.pathSeparator + libraries,
                    CowshedApplication.class.getName());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isNewer(Path jar, Path classes) throws IOException {
        if (!Files.exists(jar)) {
            return false;
        }
        long made = Files.getLastModifiedTime(jar).toMillis();
        try (Stream<Path> files = Files.walk(classes)) {
            return files.allMatch(file -> file.toFile().lastModified() < made);
        }
    }

    private static void pack(Path classes, Path jar) throws IOException {
        Path draft = jar.resolveSibling("classes.new");
        try (OutputStream out = Files.newOutputStream(draft);
                JarOutputStream packed = new JarOutputStream(out);
                Stream<Path> files = Files.walk(classes)) {
            for (Path path :
                    files.filter(file -> !file.equals(classes)).sorted().toList()) {
                boolean isDirectory = Files.isDirectory(path);
                // Packages are looked through by the entries of directories.
                packed.putNextEntry(new JarEntry(classes.relativize(path) + (isDirectory ? "/" : "")));
                if (!isDirectory) {
                    Files.copy(path, packed);
                }
            }
        }
        Files.move(draft, jar, StandardCopyOption.ATOMIC_MOVE);
    }
}
