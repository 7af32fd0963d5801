package io.cowshed.database;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.h2.store.fs.FileBase;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;
import org.jspecify.annotations.Nullable;

/**
 * H2's {@code recorded:} file system: files on disk, of which it remembers what a power cut would leave, which is their
 * content at the last fsync.
 */
public final class RecordingFilePath extends FilePathWrapper {

    private static final Map<String, byte[]> DURABLE = new ConcurrentHashMap<>();
    private static final AtomicInteger FSYNCS = new AtomicInteger();
    private static volatile boolean failing;

    /** Makes the scheme known to H2, once for the JVM. */
    static void register() {
        FilePath.register(new RecordingFilePath());
    }

    static int fsyncs() {
        return FSYNCS.get();
    }

    static void failFsyncs(boolean fail) {
        failing = fail;
    }

    /** Lays out what a power cut now would leave of a file. */
    static void powerCut(Path file, Path copy) throws IOException {
        byte[] content = DURABLE.get(file.toString());
        if (content == null) {
            throw new IOException(file + " was never fsynced");
        }
        Files.write(copy, content);
    }

    @Override
    public String getScheme() {
        return "recorded";
    }

    @Override
    public FileChannel open(String mode) throws IOException {
        return new Channel(getBase().toString().replaceFirst("^async:", ""), super.open(mode));
    }

    private static final class Channel extends FileBase {

        private final String file;
        private final FileChannel base;

        Channel(String file, FileChannel base) {
            this.file = file;
            this.base = base;
        }

        @Override
        public void force(boolean metaData) throws IOException {
            if (failing) {
                throw new IOException("Input/output error");
            }
            byte[] content;
            try (InputStream in = new FileInputStream(file)) { // which, unlike a channel, an interrupt does not close
                content = in.readAllBytes();
            }
            base.force(metaData);
            DURABLE.put(file, content);
            FSYNCS.incrementAndGet();
        }

        @Override
        public int read(ByteBuffer dst) throws IOException {
            return base.read(dst);
        }

        @Override
        public synchronized int read(ByteBuffer dst, long position) throws IOException {
            return base.read(dst, position);
        }

        @Override
        public int write(ByteBuffer src) throws IOException {
            return base.write(src);
        }

        @Override
        public synchronized int write(ByteBuffer src, long position) throws IOException {
            return base.write(src, position);
        }

        @Override
        public long position() throws IOException {
            return base.position();
        }

        @Override
        public FileChannel position(long newPosition) throws IOException {
            base.position(newPosition);
            return this;
        }

        @Override
        public long size() throws IOException {
            return base.size();
        }

        @Override
        public FileChannel truncate(long size) throws IOException {
            base.truncate(size);
            return this;
        }

        @Override
        public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
            return base.tryLock(position, size, shared);
        }

        @Override
        protected void implCloseChannel() throws IOException {
            base.close();
        }
    }
}
