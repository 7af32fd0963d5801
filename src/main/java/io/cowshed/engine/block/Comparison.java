package io.cowshed.engine.block;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Finds where two disks differ, as they are asked for the differences: there is never a list of them. What both know to be
 * zero is not read, nor what is the same place in the same file; the rest is read and compared in pieces by a few threads,
 * with a few pieces under way at a time, so memory does not grow with the disks.
 *
 * <p>The disks must not change meanwhile. For one thread.
 */
public final class Comparison implements AutoCloseable {

    private static final int PIECE = 1 << 20;
    private static final int SECTOR = 512;
    private static final MemorySegment ZEROS =
            MemorySegment.ofBuffer(ByteBuffer.allocateDirect(PIECE)).asReadOnly();

    private final Side first;
    private final Side second;
    private final long comparedEnd;
    private final long end;
    private final OrderedWork<List<Difference>> work = new OrderedWork<>("compare", OrderedWork.usualThreads());
    private final Queue<ByteBuffer> idle = new ConcurrentLinkedQueue<>();
    private final Queue<Difference> found = new ArrayDeque<>();
    private @Nullable Difference pending;
    private long position;

    private Comparison(DiskImage first, DiskImage second, Lengths lengths) {
        this.first = new Side(first);
        this.second = new Side(second);
        this.end = Math.max(first.virtualSize(), second.virtualSize());
        this.comparedEnd = switch (lengths) {
            case MUST_MATCH -> Math.min(first.virtualSize(), second.virtualSize());
            case ZEROS_MAY_FOLLOW -> end;
        };
    }

    /** How disks of different lengths compare. */
    public enum Lengths {
        /** What one disk has more than the other differs, whatever it is. */
        MUST_MATCH,
        /** The shorter disk goes on in zeros, as {@code qemu-img compare} has it. */
        ZEROS_MAY_FOLLOW
    }

    /**
     * A run of sectors that differ.
     *
     * @param start the offset in the disks in bytes, a multiple of 512, unless it is where the shorter disk ends
     * @param length in bytes, at least 1; up to a multiple of 512 or the end of a disk
     */
    public record Difference(long start, long length) {

        /** The first offset after it. */
        public long end() {
            return start + length;
        }
    }

    /** Begins to compare two disks, which stay the caller's. */
    public static Comparison of(DiskImage first, DiskImage second, Lengths lengths) {
        return new Comparison(first, second, lengths);
    }

    /**
     * The first byte that differs, or nothing when the disks are equal.
     *
     * @throws InterruptedException when the calling thread was interrupted: nothing goes on in the background then
     */
    public static OptionalLong firstDifference(DiskImage first, DiskImage second, Lengths lengths)
            throws IOException, InterruptedException {
        try (Comparison comparison = new Comparison(first, second, lengths)) {
            Difference difference = comparison.lookUp();
            return difference == null
                    ? OptionalLong.empty()
                    : OptionalLong.of(comparison.firstByte(difference.start()));
        }
    }

    /**
     * How much there is to be read and compared, in bytes of either disk; found out from the extents.
     *
     * @throws InterruptedException when the calling thread was interrupted
     */
    public static long work(DiskImage first, DiskImage second, Lengths lengths)
            throws IOException, InterruptedException {
        try (Comparison comparison = new Comparison(first, second, lengths)) {
            long work = 0;
            while (comparison.position < comparison.comparedEnd) {
                Piece piece = comparison.advance();
                work += piece == null ? 0 : piece.length();
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
            return work;
        }
    }

    /**
     * The next difference, as long as it goes on, or null after the last.
     *
     * @throws InterruptedException when the calling thread was interrupted
     */
    public @Nullable Difference next() throws IOException, InterruptedException {
        Difference difference = pending != null ? pending : lookUp();
        pending = null;
        if (difference == null) {
            return null;
        }
        while (true) {
            Difference following = lookUp();
            if (following == null) {
                return difference;
            }
            if (following.start() != difference.end()) {
                pending = following;
                return difference;
            }
            difference = new Difference(difference.start(), difference.length() + following.length());
        }
    }

    private @Nullable Difference lookUp() throws IOException, InterruptedException {
        while (found.isEmpty()) {
            while (!work.isFull() && position < comparedEnd) {
                Piece piece = advance();
                if (piece != null) {
                    work.give(() -> compare(piece));
                }
            }
            if (work.isEmpty()) {
                return tail();
            }
            found.addAll(work.take());
        }
        return found.remove();
    }

    private @Nullable Difference tail() {
        if (position == end) {
            return null;
        }
        Difference tail = new Difference(position, end - position);
        position = end;
        return tail;
    }

    /** What is to be compared; a disk that is known to be zero there is not read. It begins, and ends, where a sector does. */
    private record Piece(long start, int length, boolean firstZero, boolean secondZero) {}

    /** Goes past what is equal for sure, or past a piece that is to be compared. */
    private @Nullable Piece advance() throws IOException {
        long start = position;
        Extent left = first.at(start);
        Extent right = second.at(start);
        long alike = Math.min(left == null ? end : left.end(), right == null ? end : right.end());
        boolean mixed = sectorStart(alike) == start && alike < comparedEnd;
        long until = Math.min(comparedEnd, mixed ? start + SECTOR : alike < comparedEnd ? sectorStart(alike) : alike);
        boolean leftZero = !mixed && (left == null || left.zero());
        boolean rightZero = !mixed && (right == null || right.zero());
        if ((leftZero && rightZero)
                || (!mixed
                        && left != null
                        && right != null
                        && Extents.isSamePlace(first.image, left, second.image, right))) {
            position = until;
            return null;
        }
        int length = (int) Math.min(until - start, PIECE);
        position = start + length;
        return new Piece(start, length, leftZero, rightZero);
    }

    private List<Difference> compare(Piece piece) throws IOException {
        long start = piece.start();
        int length = piece.length();
        ByteBuffer one = piece.firstZero() ? null : read(first.image, start, length);
        ByteBuffer other = piece.secondZero() ? null : read(second.image, start, length);
        List<Difference> differences = differences(start, length, segment(one), segment(other));
        giveBack(one);
        giveBack(other);
        return differences;
    }

    private ByteBuffer read(DiskImage image, long offset, int length) throws IOException {
        ByteBuffer buffer = idle.poll();
        if (buffer == null) {
            buffer = ByteBuffer.allocateDirect(PIECE);
        }
        readPadded(image, offset, buffer.clear().limit(length));
        return buffer;
    }

    private void giveBack(@Nullable ByteBuffer buffer) {
        if (buffer != null) {
            idle.add(buffer);
        }
    }

    private static MemorySegment segment(@Nullable ByteBuffer buffer) {
        return buffer == null
                ? ZEROS
                : MemorySegment.ofBuffer(buffer.duplicate().clear());
    }

    private static List<Difference> differences(long start, int length, MemorySegment one, MemorySegment other) {
        List<Difference> differences = new ArrayList<>();
        long equalUntil = MemorySegment.mismatch(one, 0, length, other, 0, length);
        while (equalUntil >= 0) {
            long differs = sectorStart(equalUntil);
            long next = differs;
            do {
                next = Math.min(length, next + SECTOR);
            } while (next < length && !isEqual(one, other, next, Math.min(length, next + SECTOR)));
            differences.add(new Difference(start + differs, next - differs));
            long further = MemorySegment.mismatch(one, next, length, other, next, length);
            equalUntil = further < 0 ? -1 : next + further;
        }
        return differences;
    }

    private static boolean isEqual(MemorySegment one, MemorySegment other, long from, long to) {
        return MemorySegment.mismatch(one, from, to, other, from, to) < 0;
    }

    private static long sectorStart(long offset) {
        return offset - offset % SECTOR;
    }

    private long firstByte(long start) throws IOException {
        int length = (int) Math.min(SECTOR, comparedEnd - start);
        if (length <= 0) {
            return start;
        }
        ByteBuffer one = ByteBuffer.allocate(length);
        ByteBuffer other = ByteBuffer.allocate(length);
        readPadded(first.image, start, one);
        readPadded(second.image, start, other);
        return start + Math.max(0, one.flip().mismatch(other.flip()));
    }

    /** Past its end a disk goes on in zeros. */
    private static void readPadded(DiskImage image, long offset, ByteBuffer target) throws IOException {
        int limit = target.limit();
        int own = Math.clamp(image.virtualSize() - offset, 0, target.remaining());
        if (own > 0) {
            image.read(offset, target.limit(target.position() + own));
        }
        Zeros.fill(target.limit(limit));
    }

    /** Gives up what is under way. */
    @Override
    public void close() {
        work.close();
    }

    /** One of the disks, and how far its extents have been gone through. */
    private static final class Side {

        private final DiskImage image;
        private final Extents extents;
        private @Nullable Extent current;

        Side(DiskImage image) {
            this.image = image;
            this.extents = Extents.of(image);
        }

        /** The extent that {@code offset} lies in; offsets only grow. Null past the end. */
        @Nullable
        Extent at(long offset) throws IOException {
            while (offset < image.virtualSize() && (current == null || current.end() <= offset)) {
                current = extents.next();
            }
            return offset < image.virtualSize() ? current : null;
        }
    }
}
