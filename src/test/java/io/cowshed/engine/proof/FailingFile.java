package io.cowshed.engine.proof;

import io.cowshed.engine.block.BlockFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A file of which some call fails, and perhaps all after it. For one thread. */
final class FailingFile implements BlockFile {

    private final BlockFile file;
    private final Fault fault;
    private final int failing;
    private final boolean forGood;
    private int calls;
    private int failures;

    /** How a call fails. */
    enum Fault {
        /** Nothing is done. */
        NOTHING_DONE("Input/output error"),
        /** Half of what was to be read is read, half of what was to be written is written. */
        HALF_DONE("No space left on device"),
        /** All of it is done, and yet the call fails: a flush that reports an earlier error. */
        ALL_DONE("Input/output error");

        private final String message;

        Fault(String message) {
            this.message = message;
        }
    }

    /** Does I/O on the file, which may fail half-way. */
    @FunctionalInterface
    private interface Call<T> {
        T run(BlockFile file) throws IOException;
    }

    /**
     * @param failing the number of the call that fails, from 1 on; 0 for none
     * @param forGood whether all later ones fail, too
     */
    FailingFile(BlockFile file, Fault fault, int failing, boolean forGood) {
        this.file = file;
        this.fault = fault;
        this.failing = failing;
        this.forGood = forGood;
    }

    int calls() {
        return calls;
    }

    boolean hasFailed() {
        return failures > 0;
    }

    private <T> T call(Call<T> whole, Call<?> half) throws IOException {
        calls++;
        if (failing == 0 || calls < failing || (calls > failing && !forGood)) {
            return whole.run(file);
        }
        failures++;
        switch (fault) {
            case NOTHING_DONE -> {}
            case HALF_DONE -> half.run(file);
            case ALL_DONE -> whole.run(file);
        }
        throw new IOException(fault.message);
    }

    /** A disk writes whole sectors or nothing of them. */
    private static ByteBuffer halfOfSectors(long position, ByteBuffer source) {
        long middle = (position + source.remaining() / 2) / SectorFile.SECTOR * SectorFile.SECTOR;
        return source.slice(source.position(), (int) Math.max(0, middle - position));
    }

    private static ByteBuffer half(ByteBuffer buffer) {
        return buffer.slice(buffer.position(), buffer.remaining() / 2);
    }

    @Override
    public String name() {
        return file.name();
    }

    @Override
    public Object key() {
        return file.key();
    }

    @Override
    public long size() throws IOException {
        return call(BlockFile::size, BlockFile::size);
    }

    @Override
    public int read(long position, ByteBuffer target) throws IOException {
        return call(it -> it.read(position, target), it -> it.read(position, half(target)));
    }

    @Override
    public void write(long position, ByteBuffer source) throws IOException {
        call(it -> written(it, position, source), it -> written(it, position, halfOfSectors(position, source)));
    }

    private static boolean written(BlockFile file, long position, ByteBuffer source) throws IOException {
        file.write(position, source);
        return true;
    }

    @Override
    public void setSize(long size) throws IOException {
        call(it -> resized(it, size), it -> resized(it, (it.size() + size) / 2));
    }

    private static boolean resized(BlockFile file, long size) throws IOException {
        file.setSize(size);
        return true;
    }

    @Override
    public void punchHole(long position, long length) throws IOException {
        call(it -> punched(it, position, length), it -> punched(it, position, Math.max(1, length / 2)));
    }

    private static boolean punched(BlockFile file, long position, long length) throws IOException {
        file.punchHole(position, length);
        return true;
    }

    @Override
    public void flush() throws IOException {
        call(FailingFile::flushed, FailingFile::flushed);
    }

    private static boolean flushed(BlockFile file) throws IOException {
        file.flush();
        return true;
    }

    @Override
    public long nextData(long position) throws IOException {
        return call(it -> it.nextData(position), it -> it.nextData(position));
    }

    @Override
    public long nextHole(long position) throws IOException {
        return call(it -> it.nextHole(position), it -> it.nextHole(position));
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
