package io.cowshed.engine.qcow2;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One image for QEMU to make: how it is created, what lies below it, and what is then written to it.
 *
 * @param seed of all that is random about the image
 * @param options for {@code qemu-img create -o}
 * @param clusterSize in bytes
 * @param below the backing chain
 * @param size of the disk, in bytes
 * @param snapshot whether an internal snapshot is taken halfway through the writes; not of version 2 over a backing file
 */
record SampleImage(int seed, String options, int clusterSize, Below below, long size, boolean snapshot) {

    /** What an image lies on. */
    enum Below {
        NOTHING,
        QCOW2,
        QCOW2_SHORTER,
        QCOW2_LONGER,
        RAW,
        RAW_SHORTER,
        RAW_OF_ODD_SIZE,
        RAW_OF_ONE_BYTE,
        THREE_DEEP_MIXED
    }

    static final long ODD_SIZE = 1_000_003;

    private static final int SECTOR = 512;

    /** Makes the image, and all below it, in {@code directory}. */
    Path create(Path directory) throws IOException {
        Random random = new Random(seed);
        Path noise = directory.resolve("noise");
        Files.write(noise, halfCompressible(random));
        Path image = directory.resolve("top.qcow2");
        createLayer(directory, image, options, below, size, random);
        GuestWrites writes = new GuestWrites(random, noise);
        if (below != Below.NOTHING && options.contains("compat=0.10")) {
            writes.applyWithoutDiscarding(image, size, clusterSize);
            return image;
        }
        if (snapshot) {
            writes.apply(image, size, clusterSize);
            QemuImg.run("snapshot", "-c", "halfway", image.toString());
        }
        writes.apply(image, size, clusterSize);
        return image;
    }

    private static void createLayer(
            Path directory, Path image, String imageOptions, Below lower, long length, Random random)
            throws IOException {
        List<String> arguments = new ArrayList<>(List.of("create", "-q", "-f", "qcow2", "-o", imageOptions));
        Path noise = directory.resolve("noise");
        GuestWrites writes = new GuestWrites(random, noise);
        switch (lower) {
            case NOTHING -> {}
            case QCOW2, QCOW2_SHORTER, QCOW2_LONGER -> {
                long lowerSize = lengthBelow(lower, length);
                Path base = directory.resolve("base.qcow2");
                createLayer(directory, base, "cluster_size=4k", Below.NOTHING, lowerSize, random);
                writes.apply(base, lowerSize, 4096);
                arguments.addAll(List.of("-b", "base.qcow2", "-F", "qcow2"));
            }
            case RAW, RAW_SHORTER, RAW_OF_ODD_SIZE, RAW_OF_ONE_BYTE -> {
                createRaw(directory.resolve("base.raw"), lengthBelow(lower, length), random, noise);
                arguments.addAll(List.of("-b", "base.raw", "-F", "raw"));
            }
            case THREE_DEEP_MIXED -> {
                Path middle = directory.resolve("middle.qcow2");
                createLayer(directory, middle, "cluster_size=64k,compat=0.10", Below.QCOW2, length + 8192, random);
                writes.applyWithoutDiscarding(middle, length + 8192, 65536);
                Path upper = directory.resolve("upper.qcow2");
                QemuImg.run(
                        "create",
                        "-q",
                        "-f",
                        "qcow2",
                        "-o",
                        "cluster_size=512",
                        "-b",
                        "middle.qcow2",
                        "-F",
                        "qcow2",
                        upper.toString(),
                        Long.toString(roundedDown(length * 3 / 4, SECTOR)));
                writes.apply(upper, roundedDown(length * 3 / 4, SECTOR), SECTOR);
                arguments.addAll(List.of("-b", "upper.qcow2", "-F", "qcow2"));
            }
        }
        arguments.addAll(List.of(image.toString(), Long.toString(length)));
        QemuImg.run(arguments.toArray(String[]::new));
    }

    private static long lengthBelow(Below lower, long length) {
        return switch (lower) {
            case QCOW2, RAW -> length;
            case QCOW2_SHORTER, RAW_SHORTER -> roundedDown(length / 2 + SECTOR, SECTOR);
            case QCOW2_LONGER -> length + 77 * SECTOR;
            case RAW_OF_ODD_SIZE -> ODD_SIZE;
            case RAW_OF_ONE_BYTE -> 1;
            case NOTHING, THREE_DEEP_MIXED -> throw new IllegalArgumentException(lower.name());
        };
    }

    private static void createRaw(Path raw, long length, Random random, Path noise) throws IOException {
        QemuImg.run("create", "-q", "-f", "raw", raw.toString(), Long.toString(length));
        if (length == 1) {
            Files.write(raw, new byte[] {42});
        } else {
            List<String> commands = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                long offset = random.nextLong(length - 70_000);
                commands.add("write -q -s " + noise + " " + offset + " " + (1 + random.nextInt(60_000)));
            }
            QemuIo.run(raw, "raw", commands);
        }
    }

    private static byte[] halfCompressible(Random random) {
        byte[] bytes = new byte[50_021];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i / 3000 % 2 == 0 ? random.nextInt(4) + 'a' : random.nextInt());
        }
        return bytes;
    }

    private static long roundedDown(long value, int unit) {
        return value - value % unit;
    }
}
