package io.cowshed.engine.posix;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A process of this host that holds a lock on a file.
 *
 * @param pid its process id
 * @param command the name of what it runs, such as {@code qemu-system-x86}
 */
public record LockHolder(long pid, String command) {

    private static final Path PROC = Path.of("/proc");
    private static final int MAX_HOLDERS = 8;
    private static final Duration MAX_TIME = Duration.ofSeconds(1);

    /**
     * Who holds a lock on {@code file}, as far as {@code /proc} shows it to this process within a second: an open
     * file description lock carries no process id, so the descriptors of all processes are looked at. Processes of
     * other hosts, and those of other users that this one may not look into, are not seen.
     */
    static List<LockHolder> of(FileIdentity file) {
        long deadline = System.nanoTime() + MAX_TIME.toNanos();
        List<LockHolder> holders = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
            for (Path process : processes) {
                if (holders.size() == MAX_HOLDERS || System.nanoTime() - deadline > 0) {
                    break;
                }
                if (locks(process, file)) {
                    holders.add(
                            new LockHolder(Long.parseLong(process.getFileName().toString()), command(process)));
                }
            }
        } catch (IOException | RuntimeException _) {
            return List.copyOf(holders);
        }
        return List.copyOf(holders);
    }

    private static boolean locks(Path process, FileIdentity file) {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path descriptor : descriptors) {
                if (leadsTo(descriptor, file)
                        && showsLock(process.resolve("fdinfo").resolve(descriptor.getFileName()))) {
                    return true;
                }
            }
            return false;
        } catch (IOException | RuntimeException _) {
            return false;
        }
    }

    private static boolean leadsTo(Path descriptor, FileIdentity file) {
        return Posix.statx(Posix.AT_FDCWD, descriptor.toString(), 0) instanceof Posix.Status.Known(FileStatus status)
                && status.identity().equals(file);
    }

    private static boolean showsLock(Path information) throws IOException {
        try (Stream<String> lines = Files.lines(information)) {
            return lines.anyMatch(line -> line.startsWith("lock:"));
        }
    }

    private static String command(Path process) {
        try {
            return Files.readString(process.resolve("comm")).strip();
        } catch (IOException _) {
            return "unknown";
        }
    }

    @Override
    public String toString() {
        return pid == ProcessHandle.current().pid() ? "this service" : command + " (process " + pid + ")";
    }
}
