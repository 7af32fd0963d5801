package io.cowshed.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A small file system of its own, mounted until closed. Needs root; without it the test fails, and says so. */
public final class MountedVolume implements AutoCloseable {

    private final Path at;
    private final List<String> command;

    private MountedVolume(Path at, List<String> command) {
        this.at = at;
        this.command = command;
    }

    /**
     * A file system in memory.
     *
     * @param at where to mount it; the directory is made
     * @param options of the mount, such as {@code size=64m}
     */
    public static MountedVolume tmpfs(Path at, String options) {
        return mount(at, List.of("mount", "-t", "tmpfs", "-o", options, "cowshed-test", at.toString()));
    }

    /**
     * An ext4 in a file.
     *
     * @param image the file, which is made
     * @param size of it, in bytes
     * @param at where to mount it; the directory is made
     */
    public static MountedVolume ext4(Path image, long size, Path at) {
        run(List.of("truncate", "-s", Long.toString(size), image.toString()));
        run(List.of("mkfs.ext4", "-q", "-m", "0", image.toString()));
        return mount(at, List.of("mount", "-o", "loop", image.toString(), at.toString()));
    }

    /**
     * An XFS in a file, whose files can share their storage.
     *
     * @param image the file, which is made
     * @param size of it, in bytes: at least 300 MiB, which are not written
     * @param at where to mount it; the directory is made
     */
    public static MountedVolume xfs(Path image, long size, Path at) {
        run(List.of("truncate", "-s", Long.toString(size), image.toString()));
        run(List.of("mkfs.xfs", "-q", "-m", "reflink=1", image.toString()));
        return mount(at, List.of("mount", "-o", "loop", image.toString(), at.toString()));
    }

    /** Mounts it again, with other options. */
    public void remount(String options) {
        run(List.of("mount", "-o", "remount," + options, at.toString()));
    }

    /** Mounts it where it was, after {@link #close}: the same one where it lies in a file, or else an empty one. */
    public void mountAgain() {
        run(command);
    }

    /** Takes it away, at once for whoever looks it up, and altogether when nobody has a file of it open. */
    @Override
    public void close() {
        run(List.of("umount", "-l", at.toString()));
    }

    private static MountedVolume mount(Path at, List<String> command) {
        try {
            Files.createDirectories(at);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        run(command);
        return new MountedVolume(at, command);
    }

    private static void run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (Exits.of(process) != 0) {
                throw new AssertionError(String.join(" ", command)
                        + " failed; this test mounts a file system, and needs root: " + output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
