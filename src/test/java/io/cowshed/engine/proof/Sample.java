package io.cowshed.engine.proof;

import io.cowshed.engine.block.BackingFileException;
import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.qcow2.ImageChain;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A small image that QEMU made, in memory, with what lies below it. Clusters 0 and 1 of its disk hold data, 2 zeros, 3 and
 * 4 are compressed, 5 to 9 are unallocated, the last one has data.
 *
 * @param name what is special about it
 * @param cluster size of a cluster in bytes
 * @param file the image
 * @param below backing files by name
 */
record Sample(String name, int cluster, SectorFile file, Map<String, SectorFile> below) {

    /** How a sample is made. */
    enum Kind {
        TINY("cluster_size=512", 512, 192),
        TINY_WIDE("cluster_size=512,refcount_bits=64", 512, 192),
        SMALL("cluster_size=4k", 4096, 24),
        BITS("cluster_size=512,refcount_bits=1", 512, 96),
        OLD("cluster_size=512,compat=0.10", 512, 96),
        SUBCLUSTERS("cluster_size=16k,extended_l2=on", 16384, 8),
        OVERLAY("cluster_size=512", 512, 96),
        OVERLAY_OLD("cluster_size=4k,compat=0.10", 4096, 12),
        OVERLAY_SUBCLUSTERS("cluster_size=16k,extended_l2=on", 16384, 8),
        SNAPSHOT("cluster_size=512", 512, 96),
        SNAPSHOT_BEFORE("cluster_size=4k,refcount_bits=64", 4096, 12),
        SNAPSHOT_SUBCLUSTERS("cluster_size=16k,extended_l2=on", 16384, 8),
        BITMAP("cluster_size=4k", 4096, 12),
        FULL("cluster_size=512,refcount_bits=64", 512, 192),
        FULL_TABLE("cluster_size=512,refcount_bits=64", 512, 4800);

        private final String options;
        private final int cluster;
        private final int clusters;

        Kind(String options, int cluster, int clusters) {
            this.options = options;
            this.cluster = cluster;
            this.clusters = clusters;
        }

        private boolean isOverlay() {
            return name().startsWith("OVERLAY");
        }
    }

    static final String OTHER_NAME = "other.qcow2";

    /** Fits in no first sector beside a header. */
    static final String LONG_NAME = "long".repeat(120);

    private static final String BELOW_NAME = "below.qcow2";

    /** What a disk below an overlay holds. */
    private static final int BELOW = 99;

    /** Makes a sample in an empty directory. */
    static Sample make(Kind kind, Path directory) throws IOException {
        Path image = directory.resolve("image.qcow2");
        int size = kind.cluster * kind.clusters;
        List<String> create = new ArrayList<>(List.of("create", "-q", "-f", "qcow2", "-o", kind.options));
        if (kind.isOverlay()) {
            makeBelow(directory, size - 5 * kind.cluster / 2 / SectorFile.SECTOR * SectorFile.SECTOR, BELOW);
            create.addAll(List.of("-b", BELOW_NAME, "-F", "qcow2"));
        }
        create.addAll(List.of(image.toString(), Integer.toString(size)));
        QemuImg.run(create.toArray(String[]::new));
        fill(kind, image, size);
        return new Sample(kind.name(), kind.cluster, SectorFile.read(image), below(kind, directory, size));
    }

    /** What lies below under each name: the content is always the same, so that a change of names changes nothing else. */
    private static Map<String, SectorFile> below(Kind kind, Path directory, int size) throws IOException {
        if (!kind.isOverlay()) {
            makeBelow(directory, size, 0);
        }
        SectorFile below = SectorFile.read(directory.resolve(BELOW_NAME));
        return Map.of(BELOW_NAME, below, OTHER_NAME, below, LONG_NAME, below);
    }

    private static void makeBelow(Path directory, int size, int pattern) {
        Path below = directory.resolve(BELOW_NAME);
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", "cluster_size=4k", below.toString(), Integer.toString(size));
        QemuIo.run(below, "qcow2", List.of("write -q -P " + pattern + " 0 " + size));
    }

    private static void fill(Kind kind, Path image, int size) throws IOException {
        int cluster = kind.cluster;
        List<String> commands = new ArrayList<>(
                List.of("write -q -P 1 0 " + 2 * cluster, "write -q -P 2 " + (size - cluster) + " " + cluster));
        if (kind != Kind.OLD && kind != Kind.OVERLAY_OLD) {
            commands.add("write -q -z " + 2 * cluster + " " + cluster);
        }
        QemuIo.run(image, "qcow2", commands);
        for (int i = 3; i < 5; i++) {
            QemuIo.run(image, "qcow2", List.of("write -q -c -P " + i + " " + i * cluster + " " + cluster));
        }
        switch (kind) {
            case SNAPSHOT, SNAPSHOT_SUBCLUSTERS -> QemuImg.run("snapshot", "-c", "shared", image.toString());
            case SNAPSHOT_BEFORE -> {
                QemuImg.run("snapshot", "-c", "shared", image.toString());
                QemuIo.run(image, "qcow2", List.of("write -q -P 9 0 " + cluster));
            }
            case BITMAP -> QemuImg.run("bitmap", "--add", "-g", "4096", image.toString(), "changed");
            case TINY, TINY_WIDE, SMALL, BITS, OLD, SUBCLUSTERS, OVERLAY, OVERLAY_OLD, OVERLAY_SUBCLUSTERS -> {
                // Nothing more.
            }
            case FULL -> fillUp(image, 2 * 64);
            case FULL_TABLE -> fillUp(image, 64 * 64);
        }
    }

    /** Leaves one cluster free of those that the file has refcounts for. */
    private static void fillUp(Path image, int clusters) throws IOException {
        int next = 20 * SectorFile.SECTOR;
        int missing = clusters - 1 - (int) Math.ceilDiv(Files.size(image), SectorFile.SECTOR);
        while (missing > 0) {
            int length = Math.max(1, missing - missing / 32) * SectorFile.SECTOR;
            QemuIo.run(image, "qcow2", List.of("write -q -P 5 " + next + " " + length));
            next += length;
            missing = clusters - 1 - (int) Math.ceilDiv(Files.size(image), SectorFile.SECTOR);
        }
        if (missing < 0) {
            throw new AssertionError("the image is longer than was meant: " + missing);
        }
    }

    /** Whether it is too large to be tried in as many ways as the others. */
    boolean isLarge() {
        return name.equals(Kind.FULL_TABLE.name());
    }

    /** Makes all samples in a directory of its own. */
    static List<Sample> makeAll(Path directory) throws IOException {
        List<Sample> samples = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            samples.add(make(kind, Files.createDirectory(directory.resolve(kind.name()))));
        }
        return samples;
    }

    /** Whether there is a bitmap: it ceases to be valid with the first change, and its space is not given back. */
    boolean hasBitmap() {
        return name.equals(Kind.BITMAP.name());
    }

    /** Whether there is an internal snapshot, so that the disk cannot be made shorter. */
    boolean hasSnapshot() {
        return name.startsWith("SNAPSHOT");
    }

    /** Finds what lies below, which nobody may change. */
    BackingResolver resolver() {
        return (file, wanted, format) -> {
            SectorFile found = below.get(wanted);
            if (found == null) {
                throw new BackingFileException(file, "it names the backing file \"" + wanted + "\"");
            }
            return new BackingResolver.Backing(found.frozen(), ImageFormat.QCOW2);
        };
    }

    /** The name of the file that an image says it lies on; empty if none. */
    static String backingName(SectorFile image) {
        ByteBuffer fields = ByteBuffer.allocate(20);
        image.read(0, fields);
        ByteBuffer name = ByteBuffer.allocate(fields.getInt(16));
        image.read(fields.getLong(8), name);
        return new String(name.array(), StandardCharsets.UTF_8);
    }

    /** What a guest reads from the disk that {@code image}, which nobody changes meanwhile, holds. */
    byte[] read(BlockFile image) throws IOException {
        try (DiskImage disk = ImageChain.open(image, ImageFormat.QCOW2, resolver())) {
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(disk.virtualSize()));
            disk.read(0, content);
            return content.array();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
