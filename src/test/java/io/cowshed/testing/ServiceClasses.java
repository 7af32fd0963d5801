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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.util.FileSystemUtils;

/**
 * The classes under test as a jar, next to the directory that they are in, and a cache of what a start loads and links from there
 * (JEP 483), which takes two thirds off the time of a start. A JVM that cannot use the cache, having other options, starts without.
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
            Path cache = directory.resolve("classes.aot");
            boolean isPacked = isNewer(jar, classes);
            if (!isPacked) {
                pack(classes, jar);
            }
            String libraries = Arrays.stream(
                            System.getProperty("java.class.path").split(File.pathSeparator))
                    .filter(entry -> entry.endsWith(".jar"))
                    .collect(Collectors.joining(File.pathSeparator));
            List<String> program =
                    List.of("-cp", jar + File.pathSeparator + libraries, CowshedApplication.class.getName());
            if (!isPacked || !Files.exists(cache)) {
                train(directory, cache, program);
            }
            List<String> options = new ArrayList<>(List.of("-XX:AOTCache=" + cache, "-Xlog:disable"));
            options.addAll(program);
            return List.copyOf(options);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Starts the service once, to see what it loads, and keeps that where it can be kept. */
    private static void train(Path directory, Path cache, List<String> program) throws IOException {
        Path data = Files.createTempDirectory(directory, "training");
        Path draft = directory.resolve("classes.aot.new");
        List<String> command = ServiceProcess.jvm(ServiceProcess.QUICK_TO_START);
        command.addAll(List.of("-XX:AOTCacheOutput=" + draft, "-Dspring.context.exit=onRefresh", "-Xlog:disable"));
        command.addAll(program);
        command.addAll(List.of("--server.port=0", "--cowshed.data-dir=" + data));
        Process training = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        Exits.of(training);
        // Without it the service starts all the same, and says itself why it does not.
        if (Files.exists(draft)) {
            Files.move(draft, cache, StandardCopyOption.ATOMIC_MOVE);
        }
        FileSystemUtils.deleteRecursively(data);
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
