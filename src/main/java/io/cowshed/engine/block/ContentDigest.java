package io.cowshed.engine.block;

import static io.cowshed.engine.block.BlockHash.BLOCK_SIZE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;

/**
 * Computes the {@link BlockHash} of everything a guest reads from an image. What the image knows to be zero is not read; the
 * rest is read and hashed in pieces by a few threads, with a few pieces under way at a time, so memory does not grow with
 * the image.
 */
public final class ContentDigest {

    private static final int PIECE_SIZE = 16 * BLOCK_SIZE;
    private static final int MAX_THREADS = 4;

    /** Zeros that are hashed in some milliseconds; fewer are not worth a change of threads. */
    static final long ZERO_PIECE_SIZE = 8L << 30;

    private final DiskImage image;
    private final LongConsumer progress;
    private final BlockHash hash = new BlockHash();
    private final Deque<Piece> underWay = new ArrayDeque<>();

    private record Piece(long length, Future<byte[]> digests) {}

    private ContentDigest(DiskImage image, LongConsumer progress) {
        this.image = image;
        this.progress = progress;
    }

    /** As {@link #of(DiskImage, LongConsumer)}, for a caller that shows no progress. */
    public static String of(DiskImage image) throws IOException, InterruptedException {
        return of(image, _ -> {});
    }

    /**
     * The digest of the whole image, as {@link BlockHash#digest()} writes it.
     *
     * @param progress is told, in the calling thread, how many more bytes of the disk are done
     * @throws InterruptedException when the calling thread was interrupted: nothing goes on in the background then
     */
    public static String of(DiskImage image, LongConsumer progress) throws IOException, InterruptedException {
        int threads = Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors());
        ExecutorService workers = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().name("content-digest-", 0).daemon().factory());
        try {
            return new ContentDigest(image, progress).run(workers, 2 * threads);
        } finally {
            workers.shutdownNow();
            workers.close();
        }
    }

    private String run(ExecutorService workers, int maxUnderWay) throws IOException, InterruptedException {
        long wholeBlocks = image.virtualSize() / BLOCK_SIZE * BLOCK_SIZE;
        for (long offset = 0; offset < wholeBlocks; ) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            Extent extent = image.extentAt(offset, wholeBlocks - offset);
            long zeroBlocks = extent.zero() ? extent.length() / BLOCK_SIZE * BLOCK_SIZE : 0;
            if (zeroBlocks > 0) {
                takeInAll();
                takeInZeros(zeroBlocks, workers);
                offset += zeroBlocks;
            } else {
                int length = (int) Math.min(PIECE_SIZE, roundedUp(extent.length()));
                long start = offset;
                if (underWay.size() == maxUnderWay) {
                    takeIn(underWay.remove());
                }
                underWay.add(new Piece(length, workers.submit(() -> BlockHash.digests(read(start, length)))));
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
    private void takeInZeros(long length, ExecutorService workers) throws IOException, InterruptedException {
        for (long left = length; left > 0; left -= ZERO_PIECE_SIZE) {
            long count = Math.min(left, ZERO_PIECE_SIZE);
            if (length < ZERO_PIECE_SIZE) {
                hash.zeros(count);
            } else {
                await(workers.submit(() -> hash.zeros(count), count));
            }
            progress.accept(count);
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
        while (!underWay.isEmpty()) {
            takeIn(underWay.remove());
        }
    }

    private void takeIn(Piece piece) throws IOException, InterruptedException {
        hash.blocks(await(piece.digests()));
        progress.accept(piece.length());
    }

    private static <T> T await(Future<T> work) throws IOException, InterruptedException {
        try {
            return work.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw new AssertionError(e);
            }
        }
    }

    private static long roundedUp(long length) {
        return Math.ceilDiv(length, (long) BLOCK_SIZE) * BLOCK_SIZE;
    }
}
