package io.cowshed.engine.posix;

import io.cowshed.engine.block.BlockFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A regular file of a POSIX file system. Opening follows no symbolic link in the last place and refuses FIFOs, devices,
 * sockets and directories without waiting on them. Reading and writing fail with {@link OutOfSpaceException} where that is
 * the cause, and with {@link java.nio.channels.ClosedByInterruptException} when the calling thread is interrupted, which
 * leaves the file usable for other threads.
 *
 * <p>Locks belong to the open file description: two {@code PosixFile}s of one file conflict with each other, closing one
 * frees only its own locks, and a process that dies frees all of its locks.
 */
public final class PosixFile implements BlockFile {

    private final Path path;
    private final FileIdentity identity;
    private final Descriptor descriptor;
    private final SharedChannel channel;

    private PosixFile(Path path, Descriptor descriptor, boolean writable) throws IOException {
        this.path = path;
        this.descriptor = descriptor;
        try {
            this.identity = descriptor.status().identity();
            this.channel = new SharedChannel(descriptor.self(), writable);
        } catch (Throwable e) {
            descriptor.close();
            throw e;
        }
    }

    /**
     * Opens a file for reading only.
     *
     * @throws NotRegularFileException when {@code path} names anything but a regular file
     * @throws NoSuchFileException when there is none
     */
    public static PosixFile openForReading(Path path) throws IOException {
        return new PosixFile(path, Descriptor.open(path, false), false);
    }

    /** As {@link #openForReading}, for writing too. */
    public static PosixFile openForWriting(Path path) throws IOException {
        return new PosixFile(path, Descriptor.open(path, true), true);
    }

    /**
     * Makes an empty file.
     *
     * @param mode its permissions, such as {@code 0660}; the umask does not apply. The owner must be able to read and write
     * @throws java.nio.file.FileAlreadyExistsException when {@code path} names anything already, a dangling link included
     */
    public static PosixFile create(Path path, int mode) throws IOException {
        return new PosixFile(path, Descriptor.create(path, mode), true);
    }

    /** The status of what {@code path} names, symbolic links not followed; empty when it names nothing. */
    public static Optional<FileStatus> statusOf(Path path) throws IOException {
        return switch (Posix.statx(Posix.AT_FDCWD, path.toString(), Posix.AT_SYMLINK_NOFOLLOW)) {
            case Posix.Status.Known(FileStatus status) -> Optional.of(status);
            case Posix.Status.Failed(int errno) when errno == Errno.ENOENT -> Optional.empty();
            case Posix.Status.Failed(int errno) -> throw Errno.exception(errno, path.toString());
        };
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public FileIdentity key() {
        return identity;
    }

    /** What the file system says of this file now, whatever became of its path. */
    public FileStatus status() throws IOException {
        return descriptor.status();
    }

    /** Whether {@code name} leads to this very file. */
    public boolean isAt(Path name) throws IOException {
        return statusOf(name)
                .filter(status -> status.identity().equals(identity))
                .isPresent();
    }

    @Override
    public long size() throws IOException {
        return descriptor.status().size();
    }

    @Override
    public int read(long position, ByteBuffer target) throws IOException {
        int start = target.position();
        use(current -> {
            while (target.hasRemaining()) {
                if (current.read(target, Math.addExact(position, target.position() - start)) < 0) {
                    return;
                }
            }
        });
        return target.position() - start;
    }

    @Override
    public void write(long position, ByteBuffer source) throws IOException {
        int start = source.position();
        use(current -> {
            while (source.hasRemaining()) {
                current.write(source, Math.addExact(position, source.position() - start));
            }
        });
    }

    @Override
    public long copyTo(long position, long length, BlockFile target, long targetPosition) throws IOException {
        long done = target.itself() instanceof PosixFile other
                ? descriptor.copyTo(position, length, other.descriptor, targetPosition)
                : 0;
        return done < length
                ? done + BlockFile.super.copyTo(position + done, length - done, target, targetPosition + done)
                : done;
    }

    @Override
    public void setSize(long size) throws IOException {
        if (size < size()) {
            use(current -> current.truncate(size));
        } else {
            descriptor.setSize(size);
        }
    }

    @Override
    public void punchHole(long position, long length) throws IOException {
        descriptor.punchHole(position, length);
    }

    @Override
    public void flush() throws IOException {
        use(current -> current.force(true));
    }

    @Override
    public long nextData(long position) throws IOException {
        long found = descriptor.seek(position, Posix.SEEK_DATA);
        if (found == -Errno.ENXIO) {
            return size();
        }
        return found < 0 ? position : found;
    }

    @Override
    public long nextHole(long position) throws IOException {
        long found = descriptor.seek(position, Posix.SEEK_HOLE);
        if (found == -Errno.ENXIO) {
            return position;
        }
        return found < 0 ? Math.max(position, size()) : found;
    }

    @Override
    public long allocatedSize() throws IOException {
        return descriptor.status().allocatedSize();
    }

    /**
     * How many bytes of the file lie in storage that other files use too, so that removing this one would not give them back;
     * empty where the file system does not say. Writes that have not reached the storage may not count yet.
     */
    public OptionalLong sharedSize() throws IOException {
        return descriptor.sharedSize();
    }

    /** Sets the permissions, such as {@code 0444}. */
    public void setMode(int mode) throws IOException {
        descriptor.setMode(mode);
    }

    /** Sets when the file was last modified; the next write sets it again. */
    public void setModified(Instant modified) throws IOException {
        descriptor.setModified(modified);
    }

    /**
     * Gives this very file one more name, which lies in the same file system.
     *
     * @throws java.nio.file.FileAlreadyExistsException when {@code name} is taken: a link never overwrites
     * @throws NoSuchFileException when the file has lost its last name, or the directory is missing
     */
    public void link(Path name) throws IOException {
        descriptor.link(name);
    }

    /** Takes a read lock on the byte at {@code offset}; false when another holds a write lock on it. Needs no flush or size. */
    boolean tryLock(long offset) throws IOException {
        return descriptor.tryLock(offset);
    }

    /** Lets go of a lock taken with {@link #tryLock}. */
    void unlock(long offset) throws IOException {
        descriptor.unlock(offset);
    }

    /** Whether anyone else, in this process or another, has a lock on the byte at {@code offset}. */
    boolean lockedElsewhere(long offset) throws IOException {
        return descriptor.lockedElsewhere(offset);
    }

    private void use(SharedChannel.Operation operation) throws IOException {
        try {
            channel.use(operation);
        } catch (IOException e) {
            throw Errno.translated(e, name());
        }
    }

    /** Closes the file and lets go of its locks. */
    @Override
    public void close() throws IOException {
        try (descriptor) {
            channel.close();
        }
    }
}
