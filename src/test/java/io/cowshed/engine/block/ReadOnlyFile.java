package io.cowshed.engine.block;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file of a test, with its real holes: asked of the kernel, for there is no other way to compare with QEMU. */
public final class ReadOnlyFile implements BlockFile {

    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int AT_FDCWD = -100;
    private static final int STATX_BLOCKS = 0x400;
    private static final long STATX_BYTES = 256;
    private static final long STATX_BLOCKS_OFFSET = 48;
    private static final MethodHandle OPEN = handle(
            "open",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE =
            handle("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle LSEEK = handle(
            "lseek",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    private static final MethodHandle STATX = handle(
            "statx",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS));

    private final Path path;
    private final FileChannel channel;
    private final int descriptor;

    private ReadOnlyFile(Path path, FileChannel channel, int descriptor) {
        this.path = path;
        this.channel = channel;
        this.descriptor = descriptor;
    }

    public static ReadOnlyFile open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try (Arena arena = Arena.ofConfined()) {
            int descriptor = (int) OPEN.invokeExact(arena.allocateFrom(path.toString()), 0);
            if (descriptor < 0) {
                throw new IOException("open " + path);
            }
            return new ReadOnlyFile(path, channel, descriptor);
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    @Override
    public String name() {
        return path.getFileName().toString();
    }

    @Override
    public Object key() {
        try {
            return Files.readAttributes(path, "unix:dev,ino").toString();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public long allocatedSize() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = arena.allocate(STATX_BYTES, Long.BYTES);
            int status =
                    (int) STATX.invokeExact(AT_FDCWD, arena.allocateFrom(path.toString()), 0, STATX_BLOCKS, answer);
            if (status != 0) {
                throw new IOException("statx " + path);
            }
            return answer.get(ValueLayout.JAVA_LONG, STATX_BLOCKS_OFFSET) * 512;
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    @Override
    public int read(long position, ByteBuffer target) throws IOException {
        int done = 0;
        while (target.hasRemaining()) {
            int count = channel.read(target, position + done);
            if (count < 0) {
                break;
            }
            done += count;
        }
        return done;
    }

    @Override
    public void write(long position, ByteBuffer source) {
        throw new UnsupportedOperationException("read-only");
    }

    @Override
    public void setSize(long size) {
        throw new UnsupportedOperationException("read-only");
    }

    @Override
    public void punchHole(long position, long length) {
        throw new UnsupportedOperationException("read-only");
    }

    @Override
    public void flush() {
        throw new UnsupportedOperationException("read-only");
    }

    @Override
    public long nextData(long position) throws IOException {
        return seek(position, SEEK_DATA);
    }

    @Override
    public long nextHole(long position) throws IOException {
        return seek(position, SEEK_HOLE);
    }

    /** The kernel answers ENXIO where there is nothing more to find. */
    private long seek(long position, int whence) throws IOException {
        try {
            long found = (long) LSEEK.invokeExact(descriptor, position, whence);
            return found < 0 ? Math.max(position, channel.size()) : found;
        } catch (Throwable e) {
            throw failure(e);
        }
    }

    @Override
    public void close() throws IOException {
        try {
            int status = (int) CLOSE.invokeExact(descriptor);
            assert status == 0;
        } catch (Throwable e) {
            throw failure(e);
        }
        channel.close();
    }

    private static IOException failure(Throwable e) {
        return e instanceof IOException io ? io : new IOException(e);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type, options);
    }
}
