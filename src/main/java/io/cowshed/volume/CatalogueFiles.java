package io.cowshed.volume;

import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.engine.posix.PosixFile;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The files in {@code catalogue/}, which tell what the catalogue knows of images and their files do not. A file is there whole
 * and durable, or not at all, and never changes:
 *
 * <pre>
 * draft ‖ content flushed ‖ linked at its name, which never overwrites ‖ directory flushed ‖ draft removed
 * </pre>
 */
public final class CatalogueFiles {

    /** Only the service reads them: they hold names and descriptions of everybody's images. */
    private static final int MODE = 0600;

    private static final String DRAFT = ".draft";
    private static final String LOCK = "lock";
    private static final int BUFFER = 1 << 16;

    private final Mount mount;
    private final VolumeLayout layout;
    private final DirectorySyncs syncs;

    CatalogueFiles(Mount mount) {
        this.mount = mount;
        this.layout = mount.layout();
        this.syncs = mount.syncs();
    }

    /** Writes a file. */
    @FunctionalInterface
    public interface Content {

        /** Writes it all; closing the stream does nothing more. */
        void write(OutputStream out) throws IOException;
    }

    /** The right to write and delete files, until it is closed, or this process ends. */
    public final class Turn implements AutoCloseable {

        private final PosixFile lock;

        private Turn(PosixFile lock) {
            this.lock = lock;
        }

        /**
         * Makes a file.
         *
         * @return false when somebody, who has lost his turn and does not know, made one of this name
         * @throws VolumeUnavailable when the volume is not there
         */
        public boolean write(String name, Content content) throws IOException {
            mount.require();
            Path draft = directory().resolve(UUID.randomUUID() + DRAFT);
            try (PosixFile file = PosixFile.create(draft, MODE)) {
                try (OutputStream out = new BufferedOutputStream(new Sequential(file), BUFFER)) {
                    content.write(out);
                }
                file.flush();
                file.link(directory().resolve(name));
                syncs.sync(directory());
                return true;
            } catch (FileAlreadyExistsException _) {
                return false;
            } finally {
                Files.deleteIfExists(draft);
            }
        }

        public void delete(String name) throws IOException {
            mount.require();
            Files.deleteIfExists(directory().resolve(name));
        }

        /** Removes what somebody had begun to write when he died. */
        public void deleteDrafts() throws IOException {
            for (String name : list()) {
                if (name.endsWith(DRAFT)) {
                    delete(name);
                }
            }
        }

        @Override
        public void close() throws IOException {
            lock.close();
        }
    }

    /**
     * Takes the turn; empty while another has it.
     *
     * @throws VolumeUnavailable when the volume is not there
     */
    public Optional<Turn> tryTurn() throws IOException {
        mount.require();
        Path path = directory().resolve(LOCK);
        try {
            PosixFile.create(path, MODE).close();
        } catch (FileAlreadyExistsException _) {
            // It is there from the first time on.
        }
        PosixFile lock = PosixFile.openForReading(path);
        try {
            FileLock.fence(lock);
            return Optional.of(new Turn(lock));
        } catch (FileLockedException _) {
            lock.close();
            return Optional.empty();
        } catch (Throwable e) {
            lock.close();
            throw e;
        }
    }

    /**
     * The names of all whole files, in their order; empty where there is no such directory.
     *
     * @throws VolumeUnavailable when the volume is not there
     */
    public List<String> names() throws IOException {
        return list().stream()
                .filter(name -> !name.endsWith(DRAFT) && !name.equals(LOCK))
                .toList();
    }

    /** Reads a file; symbolic links are not followed. */
    public InputStream open(String name) throws IOException {
        return Channels.newInputStream(
                FileChannel.open(directory().resolve(name), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    }

    private Path directory() {
        return layout.catalogue();
    }

    private List<String> list() throws IOException {
        if (!Files.isDirectory(directory())) {
            mount.require();
            return List.of();
        }
        List<String> names = new ArrayList<>();
        DirectoryNames.each(directory(), path -> names.add(path.getFileName().toString()));
        mount.require();
        Collections.sort(names);
        return names;
    }

    /** Writes byte after byte. */
    private static final class Sequential extends OutputStream {

        private final PosixFile file;
        private long position;

        Sequential(PosixFile file) {
            this.file = file;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            file.write(position, ByteBuffer.wrap(bytes, offset, length));
            position += length;
        }
    }
}
