package io.cowshed.volume;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.posix.OutOfSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An empty file on a full file system. */
record FullFile() implements BlockFile {

    private static IOException full() {
        return new OutOfSpaceException("disk", "No space left on device");
    }

    @Override
    public String name() {
        return "disk";
    }

    @Override
    public Object key() {
        return this;
    }

    @Override
    public long size() {
        return 0;
    }

    @Override
    public int read(long position, ByteBuffer target) {
        return 0;
    }

    @Override
    public void write(long position, ByteBuffer source) throws IOException {
        throw full();
    }

    @Override
    public void setSize(long size) throws IOException {
        throw full();
    }

    @Override
    public void punchHole(long position, long length) throws IOException {
        throw full();
    }

    @Override
    public void flush() throws IOException {
        throw full();
    }

    @Override
    public long nextData(long position) {
        return 0;
    }

    @Override
    public long nextHole(long position) {
        return position;
    }

    @Override
    public void close() {}
}
