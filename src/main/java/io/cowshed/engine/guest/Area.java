package io.cowshed.engine.guest;

import io.cowshed.engine.block.DiskImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** A run of bytes as what lies in it sees it: the disk, a partition, or a logical volume. Safe for several threads. */
final class Area {

    private final DiskImage disk;
    private final List<Piece> pieces;
    private final long length;

    /**
     * A part of an area that lies in one place.
     *
     * @param start where it begins in the area, in bytes
     * @param diskStart where it begins in the disk
     * @param length in bytes
     */
    record Piece(long start, long diskStart, long length) {

        long end() {
            return start + length;
        }
    }

    /** @param pieces at least one, in order and without gaps; each within the disk */
    Area(DiskImage disk, List<Piece> pieces) {
        this.disk = disk;
        this.pieces = List.copyOf(pieces);
        this.length = pieces.getLast().end();
    }

    static Area of(DiskImage disk, long start, long length) {
        return new Area(disk, List.of(new Piece(0, start, length)));
    }

    DiskImage disk() {
        return disk;
    }

    List<Piece> pieces() {
        return pieces;
    }

    /** Where in the disk the first byte lies. */
    long diskStart() {
        return pieces.getFirst().diskStart();
    }

    long length() {
        return length;
    }

    /** Whether a range lies in the area. */
    boolean contains(long offset, long bytes) {
        return offset >= 0 && bytes >= 0 && offset <= length - bytes;
    }

    /**
     * Reads bytes that must be there.
     *
     * @param structure what they are, for the reason
     */
    ByteBuffer read(String structure, long offset, int bytes, ByteOrder order) throws IOException, LeftAloneException {
        ByteBuffer target = ByteBuffer.allocate(bytes).order(order);
        read(structure, offset, target);
        return target;
    }

    /** As {@link #read(String, long, int, ByteOrder)}, into all of {@code target}, whose position is 0 afterwards. */
    void read(String structure, long offset, ByteBuffer target) throws IOException, LeftAloneException {
        target.clear();
        int bytes = target.limit();
        if (!contains(offset, bytes)) {
            throw new LeftAloneException(structure + " lies outside of it");
        }
        long position = offset;
        for (int i = pieceAt(offset); position < offset + bytes; i++) {
            Piece piece = pieces.get(i);
            long end = Math.min(offset + bytes, piece.end());
            target.limit((int) (end - offset));
            disk.read(piece.diskStart() + position - piece.start(), target);
            position = end;
        }
        target.flip();
    }

    private int pieceAt(long offset) {
        int low = 0;
        int high = pieces.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (pieces.get(middle).start() <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
}
