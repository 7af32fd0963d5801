package io.cowshed.transfer;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.qcow2.Adoption;
import io.cowshed.engine.qcow2.FreshImage;
import io.cowshed.engine.qcow2.ImageChain;
import io.cowshed.engine.qcow2.ImageTooLargeException;
import io.cowshed.engine.qcow2.Qcow2Validation;
import io.cowshed.engine.qcow2.SequentialWriter;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Turns the bytes of a disk into an image's file as they come in. A raw disk is written as a sparse QCOW2 image and hashed on
 * the way. A QCOW2 file is kept as it is, compression, snapshots and all: it is written down, proven to be sound and to
 * stand on its own, told who it is, and then read for its digest.
 */
final class DiskReceiver {

    private static final int PIECE = 1 << 20;

    /** Finer than this, skipping zeros leaves files in more pieces than it saves space. */
    private static final int HOLE = 64 << 10;

    private static final byte[] MAGIC = {'Q', 'F', 'I', (byte) 0xfb};

    private static final byte[] ZEROS = new byte[HOLE];

    private final BlockFile file;
    private final ImageIdentity identity;
    private final long longestDisk;

    DiskReceiver(BlockFile file, ImageIdentity identity, long longestDisk) {
        this.file = file;
        this.identity = identity;
        this.longestDisk = longestDisk;
    }

    /**
     * Receives a disk.
     *
     * @throws io.cowshed.engine.block.ImageException when the bytes are not a sound image that stands on its own
     * @throws ImageTooLargeException when the disk is longer than allowed
     */
    ReceivedDisk receive(ImageFormat format, IncomingBody body) throws IOException, InterruptedException {
        return switch (format) {
            case RAW -> receiveRaw(body);
            case QCOW2 -> receiveQcow2(body);
        };
    }

    private ReceivedDisk receiveRaw(IncomingBody body) throws IOException, InterruptedException {
        SequentialWriter writer = new SequentialWriter(file, FreshImage.DEFAULT_CLUSTER_BITS, identity, longestDisk);
        try (PieceHash hash = new PieceHash(PIECE)) {
            byte[] piece = hash.next();
            for (int count = body.read(piece, 0, PIECE); count > 0; count = body.read(piece, 0, PIECE)) {
                hash.hash(piece, count);
                writer.write(ByteBuffer.wrap(piece, 0, count));
                piece = hash.next();
            }
            body.verify();
            requireContent(body);
            SequentialWriter.Written written = writer.finish();
            String digest = hash.digest(written.virtualSize() - body.length());
            return new ReceivedDisk(written.virtualSize(), 1 << FreshImage.DEFAULT_CLUSTER_BITS, digest);
        }
    }

    private ReceivedDisk receiveQcow2(IncomingBody body) throws IOException, InterruptedException {
        writeDown(body);
        body.verify();
        Qcow2Header header = Qcow2Validation.validate(file);
        if (header.features().corrupt()) {
            throw new CorruptImageException(file.name(), "header", 0, "the image is marked corrupt");
        }
        Adoption.adopt(file, identity);
        try (DiskImage disk = ImageChain.open(file, ImageFormat.QCOW2, BackingResolver.NONE)) {
            if (disk.virtualSize() > longestDisk) {
                throw new ImageTooLargeException(file.name(), longestDisk);
            }
            return new ReceivedDisk(disk.virtualSize(), header.geometry().clusterSize(), ContentDigest.of(disk));
        }
    }

    private void writeDown(IncomingBody body) throws IOException {
        byte[] piece = new byte[PIECE];
        long position = 0;
        for (int count = body.read(piece, 0, PIECE); count > 0; count = body.read(piece, 0, PIECE)) {
            if (position == 0) {
                requireMagic(piece, count);
            }
            writeData(position, piece, count);
            position += count;
        }
        requireContent(body);
        file.setSize(position);
    }

    private void writeData(long position, byte[] piece, int count) throws IOException {
        int run = 0;
        for (int block = 0; block < count; block += HOLE) {
            int end = Math.min(block + HOLE, count);
            if (isZero(piece, block, end)) {
                write(position, piece, run, block);
                run = end;
            }
        }
        write(position, piece, run, count);
    }

    private void write(long position, byte[] piece, int start, int end) throws IOException {
        if (start < end) {
            file.write(position + start, ByteBuffer.wrap(piece, start, end - start));
        }
    }

    private static boolean isZero(byte[] piece, int start, int end) {
        return Arrays.mismatch(piece, start, end, ZEROS, 0, end - start) < 0;
    }

    /** Refuses at once what is no QCOW2 file, instead of after its last byte. */
    private void requireMagic(byte[] piece, int count) throws CorruptImageException {
        if (count < MAGIC.length || Arrays.mismatch(piece, 0, MAGIC.length, MAGIC, 0, MAGIC.length) >= 0) {
            throw new CorruptImageException(file.name(), "header", 0, "it does not begin with the QCOW2 magic");
        }
    }

    private static void requireContent(IncomingBody body) {
        if (body.length() == 0) {
            throw new CowshedException(
                    ProblemType.INVALID_IMAGE, "The body is empty: there is no disk in it.", "Send the disk's bytes.");
        }
    }
}
