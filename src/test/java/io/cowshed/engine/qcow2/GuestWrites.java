package io.cowshed.engine.qcow2;

import io.cowshed.engine.oracle.QemuIo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * What a guest, and whoever compresses its disk, do to an image, by qemu-io and at random. QEMU compresses only what has
 * no cluster, and damages images itself when one process frees compressed clusters and makes new ones: so discarding,
 * compressing and writing over it are each a process of their own.
 *
 * @param noise a file of bytes, compressible in part
 */
record GuestWrites(Random random, Path noise) {

    private static final int OPERATIONS = 14;
    private static final int COMPRESSIONS = 12;

    /** A run of whole clusters; the last may be cut by the end of the disk. */
    private record Clusters(long start, long length) {
        @Override
        public String toString() {
            return start + " " + length;
        }
    }

    /** Writes to a disk all over, its end included. */
    void apply(Path image, long size, int cluster) {
        List<String> first = mixed(size, cluster);
        List<Clusters> compressed = disjoint(size, cluster);
        for (Clusters clusters : compressed) {
            first.add("discard -q " + clusters);
        }
        QemuIo.run(image, "qcow2", first);
        compress(image, compressed);
        QemuIo.run(image, "qcow2", mixed(size, cluster));
    }

    /** The same for a fresh image that cannot discard: version 2, over a backing file. */
    void applyWithoutDiscarding(Path image, long size, int cluster) {
        compress(image, disjoint(size, cluster));
        QemuIo.run(image, "qcow2", mixed(size, cluster));
    }

    private void compress(Path image, List<Clusters> ranges) {
        List<String> commands = new ArrayList<>();
        for (Clusters clusters : ranges) {
            commands.add("write -q -c " + (random.nextInt(3) == 0 ? pattern() : "-s " + noise) + " " + clusters);
        }
        QemuIo.run(image, "qcow2", commands);
    }

    private List<Clusters> disjoint(long size, int cluster) {
        List<Clusters> ranges = new ArrayList<>();
        long segment = size / COMPRESSIONS;
        long from = 0;
        for (int i = 0; i < COMPRESSIONS && from < size; i++) {
            long start = Math.max(from, roundedDown(segment * i + random.nextLong(segment), cluster));
            if (start < size) {
                from = Math.min(size, start + cluster * (1L + random.nextInt(3)));
                ranges.add(new Clusters(start, from - start));
            }
        }
        return ranges;
    }

    private List<String> mixed(long size, int cluster) {
        List<String> commands = new ArrayList<>();
        for (int i = 0; i < OPERATIONS; i++) {
            int most = (int) Math.min(size, Math.max(cluster * 3L, 96 << 10));
            int length = 1 + random.nextInt(most);
            long offset = i == 0 ? size - length : random.nextLong(size - length + 1);
            long start = roundedDown(offset, cluster);
            Clusters clusters = new Clusters(start, Math.min(size - start, cluster * (1L + random.nextInt(3))));
            String range = " " + offset + " " + length;
            commands.add(
                    switch (random.nextInt(6)) {
                        case 0, 1 -> "write -q " + pattern() + range;
                        case 2 -> "write -q -s " + noise + range;
                        case 3 -> "write -q -z" + range;
                        case 4 -> "write -q -z -u " + clusters;
                        case 5 -> "discard -q " + clusters;
                        default -> throw new AssertionError();
                    });
        }
        return commands;
    }

    private String pattern() {
        return "-P " + (1 + random.nextInt(255));
    }

    private static long roundedDown(long value, int unit) {
        return value - value % unit;
    }
}
