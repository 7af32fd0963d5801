package io.cowshed.engine.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.DiskRange;
import io.cowshed.engine.block.DiskRanges;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.OracleProcess;
import io.cowshed.engine.raw.RawImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A raw disk in a sparse file, and the tools that are run on it. Any failure of a tool fails the test. */
final class GuestDisk {

    private static final int PIECE = 1 << 20;

    private final Path path;

    GuestDisk(Path path) {
        this.path = path;
    }

    /** An empty disk. */
    static GuestDisk create(Path path, long size) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), size - 1);
        }
        return new GuestDisk(path);
    }

    Path path() {
        return path;
    }

    /** Runs a command; {@code @} in its arguments stands for the disk. */
    String run(String... command) {
        return OracleProcess.run(Arrays.stream(command)
                .map(one -> one.equals("@") ? path.toString() : one)
                .toList());
    }

    List<GuestFinding> report() throws IOException {
        try (DiskImage image = new RawImage(ReadOnlyFile.open(path))) {
            return GuestSpace.of(image).report();
        }
    }

    /** The one thing on the disk, which must be understood. */
    GuestFinding.Understood understood() throws IOException {
        List<GuestFinding> report = report();
        assertThat(report).singleElement().isInstanceOf(GuestFinding.Understood.class);
        return (GuestFinding.Understood) report.getFirst();
    }

    /** Why the one thing on the disk is left alone. */
    String reason() throws IOException {
        List<GuestFinding> report = report();
        assertThat(report).singleElement().isInstanceOf(GuestFinding.LeftAlone.class);
        assertThat(free()).isEmpty();
        return ((GuestFinding.LeftAlone) report.getFirst()).reason();
    }

    /** The free ranges. */
    List<DiskRange> free() throws IOException {
        try (DiskImage image = new RawImage(ReadOnlyFile.open(path))) {
            return free(image);
        }
    }

    /** The free ranges, which are in order, within the disk, and as many bytes as are said to be free. */
    static List<DiskRange> free(DiskImage image) throws IOException {
        GuestSpace space = GuestSpace.of(image);
        List<DiskRange> all = new ArrayList<>();
        DiskRanges ranges = space.ranges();
        long end = -1;
        long bytes = 0;
        for (DiskRange range = ranges.next(); range != null; range = ranges.next()) {
            assertThat(range.start()).isGreaterThan(end);
            all.add(range);
            end = range.end();
            bytes += range.length();
        }
        assertThat(end).isLessThanOrEqualTo(image.virtualSize());
        assertThat(space.freeBytes()).isEqualTo(bytes);
        return all;
    }

    /** Overwrites everything that is free, so that whatever was not is missed. */
    void fillFree() throws IOException {
        fill(free());
    }

    /** As {@link #fillFree()}, and of each range no more than {@code most} bytes at its beginning and its end. */
    void fillFree(long most) throws IOException {
        List<DiskRange> ends = new ArrayList<>();
        for (DiskRange range : free()) {
            long length = Math.min(most, range.length());
            ends.add(new DiskRange(range.start(), length));
            ends.add(new DiskRange(range.end() - length, length));
        }
        fill(ends);
    }

    private void fill(List<DiskRange> free) throws IOException {
        byte[] ones = new byte[PIECE];
        Arrays.fill(ones, (byte) 0xff);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            for (DiskRange range : free) {
                for (long at = range.start(); at < range.end(); at += PIECE) {
                    channel.write(ByteBuffer.wrap(ones, 0, (int) Math.min(PIECE, range.end() - at)), at);
                }
            }
        }
    }

    /** Copies the whole of another disk into this one, without its holes. */
    void put(long offset, GuestDisk other) {
        run(
                "dd",
                "if=" + other.path,
                "of=" + path,
                "bs=64k",
                "conv=sparse,notrunc",
                "oflag=seek_bytes",
                "seek=" + offset,
                "status=none");
    }

    /** Writes bytes somewhere. */
    void poke(long offset, int... bytes) throws IOException {
        ByteBuffer source = ByteBuffer.allocate(bytes.length);
        for (int one : bytes) {
            source.put((byte) one);
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.write(source.flip(), offset);
        }
    }

    /** Sorts ranges and joins neighbours. */
    static List<DiskRange> joined(List<DiskRange> ranges) {
        TreeMap<Long, Long> ends = new TreeMap<>();
        ranges.forEach(range -> ends.put(range.start(), range.end()));
        List<DiskRange> joined = new ArrayList<>();
        ends.forEach((start, end) -> {
            if (!joined.isEmpty() && joined.getLast().end() == start) {
                DiskRange last = joined.removeLast();
                joined.add(new DiskRange(last.start(), end - last.start()));
            } else {
                joined.add(new DiskRange(start, end - start));
            }
        });
        return joined;
    }

    /**
     * Makes files of various sizes, some of which are meant to be deleted again, to leave free space in many places.
     *
     * @return their names: every third is to be deleted
     */
    static List<String> makeFiles(Path directory, int count, int mostBytes) throws IOException {
        Files.createDirectories(directory);
        Random random = new Random(count);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] content = new byte[1 + random.nextInt(mostBytes)];
            random.nextBytes(content);
            Files.write(directory.resolve("f" + i), content);
            names.add("f" + i);
        }
        return names;
    }

    /** Whether every file of {@code expected} is in {@code actual} with the same content; how many there are. */
    static int assertSame(Path expected, Path actual) throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(expected)) {
            files = walk.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            Path other = actual.resolve(expected.relativize(file).toString());
            try {
                assertThat(Files.mismatch(file, other)).as("%s", other).isEqualTo(-1);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return files.size();
    }
}
