package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.DiskImage;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * An image's file, as its writer sees it: it knows whether anything is on its way to stable storage, so that a barrier with
 * nothing before it costs nothing. For one thread.
 */
final class OrderedFile {

    private static final int PIECE = 64 << 10;

    private final BlockFile file;
    private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
    private boolean unflushed;

    OrderedFile(BlockFile file) {
        this.file = file;
    }

    String name() {
        return file.name();
    }

    long size() throws IOException {
        return file.size();
    }

    int read(long position, ByteBuffer target) throws IOException {
        return file.read(position, target);
    }

    void write(long position, ByteBuffer source) throws IOException {
        unflushed = true;
        file.write(position, source);
    }

    /** Copies what is there of a part of a disk to the file: as {@link DiskImage#copyTo}, up to the end of the disk. */
    void copyFrom(DiskImage disk, long offset, long length, long position) throws IOException {
        long there = Math.clamp(disk.virtualSize() - offset, 0, length);
        if (there > 0) {
            unflushed = true;
            disk.copyTo(offset, there, file, position);
        }
    }

    /**
     * Reads a whole table of words.
     *
     * @throws CorruptImageException when the file ends before the table does
     */
    long[] readWords(MetadataRegion region) throws IOException {
        if (region.offset() > file.size() - region.bytes()) {
            throw endsWithin(region);
        }
        long[] words = new long[Math.toIntExact(region.entries())];
        for (int next = 0; next < words.length; ) {
            int length = Math.min(PIECE / Long.BYTES, words.length - next);
            piece.clear().limit(length * Long.BYTES);
            if (file.read(region.offset() + (long) next * Long.BYTES, piece) < length * Long.BYTES) {
                throw endsWithin(region);
            }
            piece.flip().asLongBuffer().get(words, next, length);
            next += length;
        }
        return words;
    }

    private CorruptImageException endsWithin(MetadataRegion region) {
        return new CorruptImageException(
                file.name(), region.structure(), region.offset(), "it lies beyond the end of the file");
    }

    /** Writes {@code count} words from index {@code first} on, of a table that lies at {@code tableOffset}. */
    void writeWords(long tableOffset, long[] words, int first, int count) throws IOException {
        int end = first + count;
        for (int next = first; next < end; ) {
            int length = Math.min(PIECE / Long.BYTES, end - next);
            piece.clear().limit(length * Long.BYTES);
            piece.asLongBuffer().put(words, next, length);
            write(tableOffset + (long) next * Long.BYTES, piece);
            next += length;
        }
    }

    void setSize(long size) throws IOException {
        unflushed = true;
        file.setSize(size);
    }

    void punchHole(long position, long length) throws IOException {
        unflushed = true;
        file.punchHole(position, length);
    }

    /** Returns when everything so far is on stable storage: what comes after it never gets there before. */
    void barrier() throws IOException {
        if (unflushed) {
            file.flush();
            unflushed = false;
        }
    }
}
