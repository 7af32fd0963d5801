package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/** Reads the words of a table in bounded pieces, and passes over what lies in holes of the file. For one thread. */
final class MetadataReader {

    private static final int PIECE = 64 << 10;

    private final BlockFile file;
    private final long fileSize;

    /** Buffers that no table is being read into: a visitor may go over another table meanwhile. */
    private final ArrayDeque<ByteBuffer> spare = new ArrayDeque<>();

    /** What is done with each entry. */
    @FunctionalInterface
    interface EntryVisitor {

        /**
         * Takes one entry that is not all zeros.
         *
         * @param position where in the file it lies
         * @param index its place in the table
         * @param word its first word
         * @param second its second word, 0 where entries have one
         */
        void visit(long position, long index, long word, long second) throws IOException;
    }

    MetadataReader(BlockFile file, long fileSize) {
        this.file = file;
        this.fileSize = fileSize;
    }

    /**
     * Visits the entries of a table that are not 0.
     *
     * @param entryWords 1 or 2
     */
    void forEachEntry(String structure, long offset, long entries, int entryWords, EntryVisitor visitor)
            throws IOException {
        long end = offset + entries * entryWords * Long.BYTES;
        ByteBuffer piece = spare.isEmpty() ? ByteBuffer.allocate(PIECE) : spare.pop();
        try {
            forEachEntry(structure, offset, end, entryWords, piece, visitor);
        } finally {
            spare.push(piece);
        }
    }

    private void forEachEntry(
            String structure, long offset, long end, int entryWords, ByteBuffer piece, EntryVisitor visitor)
            throws IOException {
        int entryBytes = entryWords * Long.BYTES;
        long position = offset;
        while (position < end) {
            long data = file.nextData(position);
            if (data >= end) {
                return;
            }
            position += Math.max(0, data - position) / entryBytes * entryBytes;
            read(structure, position, piece.clear().limit((int) Math.min(PIECE, end - position)));
            while (piece.hasRemaining()) {
                long word = piece.getLong();
                long second = entryWords == 1 ? 0 : piece.getLong();
                if ((word | second) != 0) {
                    visitor.visit(position, (position - offset) / entryBytes, word, second);
                }
                position += entryBytes;
            }
        }
    }

    /** Reads {@code length} bytes that must be there. */
    ByteBuffer read(String structure, long position, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        read(structure, position, bytes);
        return bytes;
    }

    private void read(String structure, long position, ByteBuffer bytes) throws IOException {
        int length = bytes.remaining();
        if (position > fileSize - length) {
            throw new CorruptImageException(file.name(), structure, position, "the file ends within it");
        }
        if (file.read(position, bytes) < length) {
            throw new CorruptImageException(file.name(), structure, position, "the file ends within it");
        }
        bytes.flip();
    }
}
