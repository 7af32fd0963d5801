package io.cowshed.engine.proof;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.qcow2.ImageChain;
import io.cowshed.engine.qcow2.Qcow2Check;
import io.cowshed.engine.qcow2.Qcow2Repair;
import io.cowshed.engine.qcow2.StreamedImage;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * What is done with any bytes at all, as if they were an image. Whatever they are, it ends soon, and fails with an {@link ImageException} or not at all.
 */
final class HostileBytes {

    /** Longer files take longer, and no other way. */
    private static final int MOST = 1 << 20;

    private static final int PIECE = 64 << 10;
    private static final int STREAM_CLUSTER_BITS = 16;
    private static final int MOST_EXTENTS = 2000;

    private HostileBytes() {}

    /** Does something with a file. */
    @FunctionalInterface
    private interface Use {
        void run(SectorFile file) throws IOException;
    }

    static void readAndMap(byte[] bytes) {
        use(bytes, file -> {
            try (DiskImage disk = ImageChain.open(file.frozen(), ImageFormat.QCOW2, BackingResolver.NONE)) {
                map(disk);
                read(disk);
            }
        });
    }

    private static void map(DiskImage disk) throws IOException {
        long offset = 0;
        for (int i = 0; i < MOST_EXTENTS && offset < disk.virtualSize(); i++) {
            Extent extent = disk.extentAt(offset, disk.virtualSize() - offset);
            if (extent.start() != offset || extent.length() < 1 || extent.end() > disk.virtualSize()) {
                throw new AssertionError("an extent that cannot be: " + extent);
            }
            offset = extent.end();
        }
    }

    /** Reads small disks, and the first MiB and the end of large ones. */
    private static void read(DiskImage disk) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(PIECE);
        long size = disk.virtualSize();
        for (long offset = 0; offset < Math.min(size, 16L * PIECE); offset += PIECE) {
            disk.read(offset, piece.clear().limit((int) Math.min(PIECE, size - offset)));
        }
        long tail = Math.max(0, size - PIECE);
        disk.read(tail, piece.clear().limit((int) (size - tail)));
    }

    /** The beginning of it is sent, and of the data. */
    static void stream(byte[] bytes) {
        use(bytes, file -> {
            try (DiskImage disk = ImageChain.open(file.frozen(), ImageFormat.QCOW2, BackingResolver.NONE)) {
                StreamedImage stream = StreamedImage.flat(disk, STREAM_CLUSTER_BITS, null);
                stream.writeTo(OutputStream.nullOutputStream(), 0, Math.min(stream.length(), MOST));
                stream.writeTo(OutputStream.nullOutputStream(), stream.length() - 1, stream.length());
            }
        });
    }

    static void check(byte[] bytes) {
        use(bytes, file -> Qcow2Check.check(file.frozen()));
    }

    /** An image without errors reads the same after a repair, and is clean; another is mended, or says that it is not. */
    static void repair(byte[] bytes) {
        use(bytes, file -> {
            Qcow2Repair.Outcome outcome = Qcow2Repair.repair(file, Qcow2Repair.Scope.ALL);
            if (outcome.after().errors() == 0 && !Qcow2Check.check(file).clean()) {
                throw new AssertionError("a repair that says it mended all, and did not");
            }
        });
    }

    /** What is written is read back, or refused. */
    static void write(byte[] bytes) {
        use(bytes, file -> {
            try (WritableQcow2Image image = WritableQcow2Image.open(file, BackingResolver.NONE)) {
                long size = image.virtualSize();
                int length = (int) Math.min(size, 1500);
                byte[] content = DiskContent.noise(length, bytes.length);
                image.write(0, ByteBuffer.wrap(content));
                image.writeZeros(size / 2, Math.min(size - size / 2, 2L * PIECE));
                image.discard(size / 3, Math.min(size - size / 3, 2L * PIECE));
                image.flush();
                image.write(size - length, ByteBuffer.wrap(content));
                ByteBuffer back = ByteBuffer.allocate(length);
                image.read(size - length, back);
                if (!back.flip().equals(ByteBuffer.wrap(content))) {
                    throw new AssertionError("what was written is not read back");
                }
            }
        });
    }

    private static void use(byte[] bytes, Use use) {
        if (bytes.length > MOST) {
            return;
        }
        try {
            use.run(SectorFile.of("fuzz", bytes));
        } catch (ImageException e) {
            // Which is how bad images are refused.
        } catch (IOException e) {
            throw new AssertionError("not an ImageException", e);
        }
    }
}
