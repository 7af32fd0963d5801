package io.cowshed.engine.posix;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * An open file descriptor that this object owns. No call is made with its number after {@link #close()}, when the number
 * may already be another file's.
 */
final class Descriptor implements AutoCloseable {

    private static final int SAFELY = Posix.O_NOFOLLOW | Posix.O_CLOEXEC | Posix.O_NONBLOCK;

    /** Answers of file systems between which the kernel does not copy. */
    private static final Set<Long> NOT_IN_THE_KERNEL =
            Set.of((long) Errno.EXDEV, (long) Errno.EINVAL, (long) Errno.ENOSYS, (long) Errno.EOPNOTSUPP);

    /** Answers of file systems that do not say where a file lies. */
    private static final Set<Integer> NO_SHARING = Set.of(Errno.ENOTTY, Errno.EOPNOTSUPP, Errno.ENOSYS);

    private final Path path;
    private final int number;
    private final ReadWriteLock use = new ReentrantReadWriteLock();
    private volatile boolean locked;
    private boolean closed;

    private Descriptor(Path path, int number) {
        this.path = path;
        this.number = number;
    }

    /** Opens what {@code path} names, which must be a regular file itself; {@code O_NONBLOCK} keeps a FIFO from blocking. */
    static Descriptor open(Path path, boolean writable) throws IOException {
        return checked(path, (writable ? Posix.O_RDWR : Posix.O_RDONLY) | SAFELY, 0);
    }

    /** Makes a file that did not exist, with exactly {@code mode} whatever the umask. */
    static Descriptor create(Path path, int mode) throws IOException {
        Descriptor descriptor = checked(path, Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL | SAFELY, mode);
        try {
            descriptor.setMode(mode);
            return descriptor;
        } catch (Throwable e) {
            descriptor.close();
            throw e;
        }
    }

    private static Descriptor checked(Path path, int flags, int mode) throws IOException {
        int number = Posix.open(path.toString(), flags, mode);
        while (number == -Errno.EINTR) {
            number = Posix.open(path.toString(), flags, mode);
        }
        if (number < 0) {
            throw refusal(path, -number);
        }
        Descriptor descriptor = new Descriptor(path, number);
        try {
            FileStatus status = descriptor.status();
            if (!status.isRegular()) {
                throw new NotRegularFileException(path, status.typeName());
            }
            return descriptor;
        } catch (Throwable e) {
            descriptor.close();
            throw e;
        }
    }

    /** A symbolic link, a socket, or a directory opened for writing fails to open; which it was is worth saying. */
    private static IOException refusal(Path path, int errno) {
        return switch (Posix.statx(Posix.AT_FDCWD, path.toString(), Posix.AT_SYMLINK_NOFOLLOW)) {
            case Posix.Status.Known(FileStatus status)
            when !status.isRegular() && errno != Errno.EEXIST -> new NotRegularFileException(path, status.typeName());
            case Posix.Status.Known _, Posix.Status.Failed _ -> Errno.exception(errno, path.toString());
        };
    }

    /** The name by which this very file can be opened again in this process, whatever became of its path. */
    Path self() {
        return Path.of("/proc/self/fd/" + number);
    }

    FileStatus status() throws IOException {
        use.readLock().lock();
        try {
            ensureOpen();
            return switch (Posix.statx(number, "", Posix.AT_EMPTY_PATH)) {
                case Posix.Status.Known(FileStatus status) -> status;
                case Posix.Status.Failed(int errno) -> throw Errno.exception(errno, path.toString());
            };
        } finally {
            use.readLock().unlock();
        }
    }

    /** As {@code lseek}, but {@code ENXIO} and {@code EINVAL} come back as negative numbers. */
    long seek(long position, int whence) throws IOException {
        long result = call(descriptor -> Posix.lseek(descriptor, position, whence));
        if (result < 0 && result != -Errno.ENXIO && result != -Errno.EINVAL) {
            throw Errno.exception((int) -result, path.toString());
        }
        return result;
    }

    /** Takes a read lock on one byte for this open file description; false when another holds a write lock there. */
    boolean tryLock(long offset) throws IOException {
        locked = true;
        long result = call(descriptor -> Posix.setLock(descriptor, Posix.F_RDLCK, offset));
        if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
            return false;
        }
        required(result);
        return true;
    }

    void unlock(long offset) throws IOException {
        required(call(descriptor -> Posix.setLock(descriptor, Posix.F_UNLCK, offset)));
    }

    /** Whether another open file description, of this process or another, holds any lock on that byte. */
    boolean lockedElsewhere(long offset) throws IOException {
        return required(call(descriptor -> Posix.testLock(descriptor, Posix.F_WRLCK, offset))) == 1;
    }

    void setMode(int mode) throws IOException {
        required(call(descriptor -> Posix.fchmod(descriptor, mode)));
    }

    void setModified(Instant modified) throws IOException {
        required(call(descriptor -> Posix.setModified(descriptor, modified)));
    }

    void setSize(long size) throws IOException {
        required(call(descriptor -> Posix.ftruncate(descriptor, size)));
    }

    /** Does nothing on a file system that has no holes. */
    void punchHole(long position, long length) throws IOException {
        long result;
        do {
            result = call(descriptor -> Posix.punchHole(descriptor, position, length));
        } while (result == -Errno.EINTR);
        if (result != -Errno.EOPNOTSUPP && result != -Errno.ENOSYS) {
            required(result);
        }
    }

    /**
     * Copies within the kernel.
     *
     * @return how many bytes were copied: fewer than {@code length} at the end of this file, or where the file systems
     *     cannot do that
     */
    long copyTo(long position, long length, Descriptor target, long targetPosition) throws IOException {
        long done = 0;
        while (done < length) {
            long from = position + done;
            long to = targetPosition + done;
            long left = length - done;
            long count = call(source -> target.call(sink -> Posix.copyFileRange(source, from, sink, to, left)));
            if (count == 0 || NOT_IN_THE_KERNEL.contains(-count)) {
                break;
            }
            if (count != -Errno.EINTR) {
                done += target.required(count);
            }
        }
        return done;
    }

    /** Bytes whose storage other files use too, as the file system tells now; empty where it cannot. */
    OptionalLong sharedSize() throws IOException {
        long shared = 0;
        long position = 0;
        while (true) {
            switch (sharing(position)) {
                case Posix.Sharing.Known(long some, long end, boolean last) -> {
                    shared += some;
                    if (last) {
                        return OptionalLong.of(shared);
                    }
                    position = end;
                }
                case Posix.Sharing.Failed(int errno) when errno == Errno.EINTR -> {}
                case Posix.Sharing.Failed(int errno)
                when NO_SHARING.contains(errno) -> {
                    return OptionalLong.empty();
                }
                case Posix.Sharing.Failed(int errno) -> throw Errno.exception(errno, path.toString());
            }
        }
    }

    private Posix.Sharing sharing(long position) throws IOException {
        use.readLock().lock();
        try {
            ensureOpen();
            return Posix.sharing(number, position);
        } finally {
            use.readLock().unlock();
        }
    }

    /** Gives this very file the further name {@code name}, which must be free. */
    void link(Path name) throws IOException {
        String existing = self().toString();
        long result = call(_ -> Posix.link(existing, name.toString()));
        if (result < 0) {
            throw Errno.exception((int) -result, name.toString());
        }
    }

    @FunctionalInterface
    private interface Call {
        long on(int descriptor) throws IOException;
    }

    private long call(Call operation) throws IOException {
        use.readLock().lock();
        try {
            ensureOpen();
            return operation.on(number);
        } finally {
            use.readLock().unlock();
        }
    }

    private long required(long result) throws IOException {
        if (result < 0) {
            throw Errno.exception((int) -result, path.toString());
        }
        return result;
    }

    private void ensureOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    /**
     * Lets go of every lock taken through it, and closes the descriptor. Closing alone is not enough: a process that is being
     * started from this one shares the open file description, and so its locks, until it becomes another program.
     */
    @Override
    public void close() throws IOException {
        use.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                if (locked) {
                    Posix.unlockAll(number);
                }
                required(Posix.close(number));
            }
        } finally {
            use.writeLock().unlock();
        }
    }
}
