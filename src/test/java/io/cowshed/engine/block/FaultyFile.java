package io.cowshed.engine.block;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Another file whose writes or flushes fail when a test says so. Counts them. */
public final class FaultyFile implements BlockFile {

    private final BlockFile file;
    private boolean writesFail;
    private boolean flushesFail;
    private int writes;
    private int flushes;
    private boolean closed;

    public FaultyFile(BlockFile file) {
        this.file = file;
    }

    public void failWrites(boolean fail) {
        writesFail = fail;
    }

    public void failFlushes(boolean fail) {
        flushesFail = fail;
    }

    /** Changes of any kind so far, failed ones included. */
    public int writes() {
        return writes;
    }

    public int flushes() {
        return flushes;
    }

    public boolean isClosed() {
        return closed;
    }

    private void change() throws IOException {
        writes++;
        if (writesFail) {
            throw new IOException("no space left, says the test");
        }
    }

    @Override
    public void write(long position, ByteBuffer source) throws IOException {
        change();
        file.write(position, source);
    }

    @Override
    public void setSize(long size) throws IOException {
        change();
        file.setSize(size);
    }

    @Override
    public void punchHole(long position, long length) throws IOException {
        change();
        file.punchHole(position, length);
    }

    @Override
    public void flush() throws IOException {
        flushes++;
        if (flushesFail) {
            throw new IOException("cannot flush, says the test");
        }
        file.flush();
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
        return file.size();
    }

    @Override
    public long allocatedSize() throws IOException {
        return file.allocatedSize();
    }

    @Override
    public int read(long position, ByteBuffer target) throws IOException {
        return file.read(position, target);
    }

    @Override
    public long nextData(long position) throws IOException {
        return file.nextData(position);
    }

    @Override
    public long nextHole(long position) throws IOException {
        return file.nextHole(position);
    }

    @Override
    public void close() throws IOException {
        closed = true;
        file.close();
    }
}
