package io.cowshed.engine.block;

import static io.cowshed.engine.block.BlockHash.BLOCK_SIZE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;

/**
 * Computes the {@link BlockHash} of everything a guest reads from an image. What the image knows to be zero is not read; the
 * rest is read and hashed in pieces by a few threads, with a few pieces under way at a time, so memory does not grow with
 * the image.
 */
public final class ContentDigest {

    private static final int PIECE_SIZE = 16 * BLOCK_SIZE;

    /** Zeros that are hashed in some milliseconds; fewer are not worth a change of threads. */
    static final long ZERO_PIECE_SIZE = 8L << 30;

    private static final ByteBuffer NONE = ByteBuffer.allocate(0);

    private final DiskImage image;
    private final LongConsumer progress;
    private final BlockHash hash = new BlockHash();
    private final OrderedWork<Piece> work;

    /** A part of the disk that has been hashed; without digests where they have been taken in already. */
    private record Piece(long length, ByteBuffer digests) {}

    private ContentDigest(DiskImage image, OrderedWork<Piece> work, LongConsumer progress) {
        this.image = image;
        this.work = work;
        this.progress = progress;
    }

    /** As {@link #of(DiskImage, LongConsumer)}, for a caller that shows no progress. */
    public static String of(DiskImage image) throws IOException, InterruptedException {
        return of(image, _ -> {});
    }

    /**
     * The digest of the whole image, as {@link BlockHash#digest()} writes it.
     *
     * @param progress is told, in the calling thread, how many more bytes of the disk are done; what it throws ends the work,
     *     and nothing goes on in the background then
     * @throws InterruptedException when the calling thread was interrupted: nothing goes on in the background then
     */
    public static String of(DiskImage image, LongConsumer progress) throws IOException, InterruptedException {
        try (OrderedWork<Piece> work = new OrderedWork<>("content-digest", OrderedWork.usualThreads())) {
            return new ContentDigest(image, work, progress).run();
        }
    }

    private String run() throws IOException, InterruptedException {
        long wholeBlocks = image.virtualSize() / BLOCK_SIZE * BLOCK_SIZE;
        for (long offset = 0; offset < wholeBlocks; ) {
            work.heedInterrupt();
            Extent extent = image.extentAt(offset, wholeBlocks - offset);
            long zeroBlocks = extent.zero() ? extent.length() / BLOCK_SIZE * BLOCK_SIZE : 0;
            if (zeroBlocks > 0) {
                takeInAll();
                takeInZeros(zeroBlocks);
                offset += zeroBlocks;
            } else {
                int length = (int) Math.min(PIECE_SIZE, roundedUp(extent.length()));
                long start = offset;
                if (work.isFull()) {
                    takeIn();
                }
                work.give(() -> new Piece(length, ByteBuffer.wrap(BlockHash.digests(read(start, length)))));
                offset += length;
            }
        }
        takeInAll();
        int tail = (int) (image.virtualSize() - wholeBlocks);
        hash.update(read(wholeBlocks, tail));
        progress.accept(tail);
        return hash.digest();
    }

    /** Terabytes of zeros take seconds, for which a caller that is a virtual thread would keep others from running. */
    private void takeInZeros(long length) throws IOException, InterruptedException {
        for (long left = length; left > 0; left -= ZERO_PIECE_SIZE) {
            long count = Math.min(left, ZERO_PIECE_SIZE);
            if (length < ZERO_PIECE_SIZE) {
                hash.zeros(count);
                progress.accept(count);
            } else {
                work.give(() -> {
                    hash.zeros(count);
                    return new Piece(count, NONE);
                });
                takeIn();
            }
        }
    }

    private ByteBuffer read(long offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        if (length > 0) {
            image.read(offset, buffer);
        }
        return buffer.flip();
    }

    private void takeInAll() throws IOException, InterruptedException {
        while (!work.isEmpty()) {
            takeIn();
        }
    }

    private void takeIn() throws IOException, InterruptedException {
        Piece piece = work.take();
        hash.blocks(piece.digests().array());
        progress.accept(piece.length());
    }

    private static long roundedUp(long length) {
        return Math.ceilDiv(length, (long) BLOCK_SIZE) * BLOCK_SIZE;
    }
}
