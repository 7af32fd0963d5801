package io.cowshed.engine.block;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The <em>blkhash</em> of a stream of bytes, as {@code blksum} and {@code nbdcopy --blkhash} compute it: SHA-256 over the
 * SHA-256 of every block of 64 KiB, the last of which may be shorter, followed by the length in bytes as a little-endian
 * 64-bit number. Runs of zeros are not hashed byte by byte, only the known digest of a zero block is: 32 bytes for 64 KiB.
 *
 * <p>For one thread. After {@link #digest()} it is used up.
 */
public final class BlockHash {

    /** The length of a block, in bytes. */
    public static final int BLOCK_SIZE = 64 * 1024;

    /** The length of a block's digest, in bytes. */
    public static final int BLOCK_DIGEST_SIZE = 32;

    private static final String PREFIX = "blkhash-sha256:";
    private static final int ZERO_RUN_BLOCKS = 1024;
    private static final byte[] ZERO_BLOCK = new byte[BLOCK_SIZE];
    private static final MemorySegment ZEROS = MemorySegment.ofArray(ZERO_BLOCK).asReadOnly();
    private static final byte[] ZERO_BLOCK_DIGEST = sha256().digest(ZERO_BLOCK);
    private static final byte[] ZERO_RUN = zeroRun();

    private final MessageDigest outer = sha256();
    private final MessageDigest inner = sha256();
    private final ByteBuffer partial = ByteBuffer.allocate(BLOCK_SIZE);
    private long length;

    /** Takes in what remains of {@code source}. */
    public void update(ByteBuffer source) {
        length = Math.addExact(length, source.remaining());
        if (partial.position() > 0) {
            fill(source);
        }
        while (source.remaining() >= BLOCK_SIZE) {
            ByteBuffer block = source.slice(source.position(), BLOCK_SIZE);
            outer.update(blockDigest(inner, block));
            source.position(source.position() + BLOCK_SIZE);
        }
        fill(source);
    }

    /** Moves as much of {@code source} as fits into the block under way, and takes that in when it is full. */
    private void fill(ByteBuffer source) {
        int count = Math.min(partial.remaining(), source.remaining());
        partial.put(partial.position(), source, source.position(), count);
        partial.position(partial.position() + count);
        source.position(source.position() + count);
        if (!partial.hasRemaining()) {
            endBlock();
        }
    }

    /** Takes in {@code count} zero bytes, at the cost of a hash over 32 bytes for each 64 KiB. */
    public void zeros(long count) {
        if (count < 0) {
            throw new IllegalArgumentException("a negative count of zeros: " + count);
        }
        length = Math.addExact(length, count);
        long left = count;
        if (partial.position() > 0) {
            left -= fillWithZeros(left);
        }
        for (long blocks = left / BLOCK_SIZE; blocks > 0; blocks -= ZERO_RUN_BLOCKS) {
            outer.update(ZERO_RUN, 0, (int) Math.min(blocks, ZERO_RUN_BLOCKS) * BLOCK_DIGEST_SIZE);
        }
        fillWithZeros(left % BLOCK_SIZE);
    }

    private long fillWithZeros(long wanted) {
        int count = (int) Math.min(partial.remaining(), wanted);
        partial.put(ZERO_BLOCK, 0, count);
        if (!partial.hasRemaining()) {
            endBlock();
        }
        return count;
    }

    private void endBlock() {
        outer.update(blockDigest(inner, partial.flip()));
        partial.clear();
    }

    /**
     * Takes in whole blocks whose digests are known, {@link #BLOCK_DIGEST_SIZE} bytes each, as {@link #digests} gives them.
     *
     * @throws IllegalStateException when what was taken in before does not end on a block boundary
     */
    void blocks(byte[] digests) {
        if (partial.position() > 0) {
            throw new IllegalStateException("the blocks do not start on a block boundary");
        }
        length = Math.addExact(length, (long) (digests.length / BLOCK_DIGEST_SIZE) * BLOCK_SIZE);
        outer.update(digests);
    }

    /** The digests of the whole blocks that remain in {@code source}, one after the other. */
    static byte[] digests(ByteBuffer source) {
        MessageDigest digest = sha256();
        ByteBuffer result = ByteBuffer.allocate(source.remaining() / BLOCK_SIZE * BLOCK_DIGEST_SIZE);
        while (result.hasRemaining()) {
            result.put(blockDigest(digest, source.slice(source.position(), BLOCK_SIZE)));
            source.position(source.position() + BLOCK_SIZE);
        }
        return result.array();
    }

    private static byte[] blockDigest(MessageDigest digest, ByteBuffer block) {
        if (block.remaining() == BLOCK_SIZE && MemorySegment.ofBuffer(block).mismatch(ZEROS) < 0) {
            return ZERO_BLOCK_DIGEST;
        }
        digest.update(block);
        return digest.digest();
    }

    /** Ends the stream: {@code blkhash-sha256:} and 64 lower-case hexadecimal digits. */
    public String digest() {
        if (partial.position() > 0) {
            endBlock();
        }
        outer.update(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .flip());
        return PREFIX + HexFormat.of().formatHex(outer.digest());
    }

    private static byte[] zeroRun() {
        ByteBuffer run = ByteBuffer.allocate(ZERO_RUN_BLOCKS * BLOCK_DIGEST_SIZE);
        while (run.hasRemaining()) {
            run.put(ZERO_BLOCK_DIGEST);
        }
        return run.array();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
