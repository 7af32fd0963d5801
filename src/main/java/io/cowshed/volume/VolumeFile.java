package io.cowshed.volume;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.posix.OutOfSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A file whose writer is told of a full volume as a client is to be told. Closing it does nothing: it is its owner's. */
record VolumeFile(BlockFile file) implements BlockFile {

    @FunctionalInterface
    private interface Change {
        void make() throws IOException;
    }

    private static void change(Change change) throws IOException {
        try {
            change.make();
        } catch (OutOfSpaceException e) {
            throw new VolumeFull(e);
        }
    }

    @Override
    public void write(long position, ByteBuffer source) throws IOException {
        change(() -> file.write(position, source));
    }

    @Override
    public long copyTo(long position, long length, BlockFile target, long targetPosition) throws IOException {
        return file.copyTo(position, length, target, targetPosition);
    }

    @Override
    public BlockFile itself() {
        return file.itself();
    }

    @Override
    public void setSize(long size) throws IOException {
        change(() -> file.setSize(size));
    }

    @Override
    public void punchHole(long position, long length) throws IOException {
        change(() -> file.punchHole(position, length));
    }

    @Override
    public void flush() throws IOException {
        change(file::flush);
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
    public void close() {}
}
