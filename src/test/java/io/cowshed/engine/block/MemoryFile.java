package io.cowshed.engine.block;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** A small file in memory, without holes. Counts what is read from it. */
public final class MemoryFile implements BlockFile {

    private final String name;
    private byte[] bytes;
    private long bytesRead;
    private int reads;
    private boolean closed;

    public MemoryFile(String name, byte[] bytes) {
        this.name = name;
        this.bytes = bytes.clone();
    }

    /** The file's bytes themselves: changing them changes the file. */
    public byte[] bytes() {
        return bytes;
    }

    public synchronized long bytesRead() {
        return bytesRead;
    }

    public synchronized int reads() {
        return reads;
    }

    public boolean isClosed() {
        return closed;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Object key() {
        return name;
    }

    @Override
    public synchronized long size() {
        return bytes.length;
    }

    @Override
    public synchronized int read(long position, ByteBuffer target) {
        if (position < 0) {
            throw new IllegalArgumentException("position " + position);
        }
        reads++;
        int length = (int) Math.min(target.remaining(), Math.max(0, bytes.length - position));
        if (length > 0) {
            target.put(bytes, (int) position, length);
            bytesRead += length;
        }
        return length;
    }

    @Override
    public synchronized void write(long position, ByteBuffer source) {
        int end = Math.toIntExact(position + source.remaining());
        if (end > bytes.length) {
            bytes = Arrays.copyOf(bytes, end);
        }
        source.get(bytes, (int) position, source.remaining());
    }

    @Override
    public synchronized void setSize(long size) {
        bytes = Arrays.copyOf(bytes, Math.toIntExact(size));
    }

    @Override
    public synchronized void punchHole(long position, long length) {
        int end = (int) Math.min(bytes.length, position + length);
        if (position < end) {
            Arrays.fill(bytes, (int) position, end, (byte) 0);
        }
    }

    @Override
    public void flush() {}

    @Override
    public long nextData(long position) {
        return position;
    }

    @Override
    public long nextHole(long position) {
        return Math.max(position, bytes.length);
    }

    @Override
    public void close() {
        closed = true;
    }
}
