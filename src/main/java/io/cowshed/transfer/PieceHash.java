package io.cowshed.transfer;

import io.cowshed.engine.block.BlockHash;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Hashes a disk piece by piece in a thread of its own, beside the one that receives and writes it. Pieces are lent out for
 * filling, a few of them in all, so that memory stays the same however long the disk is.
 */
final class PieceHash implements AutoCloseable {

    private static final int PIECES = 4;

    private final BlockHash hash = new BlockHash();
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("import-hash").factory());
    private final Deque<byte[]> free = new ArrayDeque<>();
    private final Deque<Future<byte[]>> underWay = new ArrayDeque<>();

    PieceHash(int pieceSize) {
        for (int i = 0; i < PIECES; i++) {
            free.add(new byte[pieceSize]);
        }
    }

    /** A piece to fill; waits for one to be hashed when all are under way. */
    byte[] next() throws InterruptedException {
        return free.isEmpty() ? settled(underWay.remove()) : free.remove();
    }

    /** Hashes the first {@code count} bytes of a piece that {@link #next} gave, which must not be changed from now on. */
    void hash(byte[] piece, int count) {
        underWay.add(thread.submit(() -> {
            hash.update(ByteBuffer.wrap(piece, 0, count));
            return piece;
        }));
    }

    /** The hash of all pieces, with {@code zeros} zero bytes behind them. */
    String digest(long zeros) throws InterruptedException {
        while (!underWay.isEmpty()) {
            free.add(settled(underWay.remove()));
        }
        hash.zeros(zeros);
        return hash.digest();
    }

    private static byte[] settled(Future<byte[]> piece) throws InterruptedException {
        try {
            return piece.get();
        } catch (ExecutionException | CancellationException e) {
            throw new IllegalStateException("hashing failed", e);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
