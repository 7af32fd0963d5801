package io.cowshed.engine.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.time.Instant;

/**
 * The foreign calls, as Linux has them on 64-bit machines. Each returns what the call returned, or the negative error
 * number where it failed. A foreign call holds on to the carrier of a virtual thread, so only calls that end quickly are
 * made this way; reading, writing and flushing go through a {@link java.nio.channels.FileChannel}.
 */
// Foreign calls are restricted methods by nature; the jar's manifest and the build enable them.
@SuppressWarnings("restricted")
final class Posix {

    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;

    /** The one flag used here whose value depends on the processor. */
    static final int O_NOFOLLOW = switch (System.getProperty("os.arch", "")) {
        case "aarch64", "ppc64le" -> 0x8000;
        default -> 0x20000;
    };

    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;

    static final int F_OFD_GETLK = 36;
    static final int F_OFD_SETLK = 37;
    static final short F_RDLCK = 0;
    static final short F_WRLCK = 1;
    static final short F_UNLCK = 2;

    static final int AT_FDCWD = -100;
    static final int AT_SYMLINK_NOFOLLOW = 0x100;
    static final int AT_SYMLINK_FOLLOW = 0x400;
    static final int AT_EMPTY_PATH = 0x1000;

    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;
    private static final int STATX_BASIC_STATS = 0x7FF;
    private static final long STATX_SIZE = 256;
    private static final long UTIME_OMIT = (1L << 30) - 2;
    private static final long BLOCK = 512;

    private static final long FS_IOC_FIEMAP = 0xC020660BL;
    private static final int FIEMAP_EXTENT_LAST = 1;
    private static final int FIEMAP_EXTENT_SHARED = 0x2000;
    private static final int FIEMAP_BYTES = 32;
    private static final int FIEMAP_EXTENT_BYTES = 56;
    private static final int FIEMAP_EXTENTS = 128;

    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle OPEN = handle(
            "open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle STATX =
            handle("statx", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));
    private static final MethodHandle LSEEK =
            handle("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle FCNTL = handle(
            "fcntl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle IOCTL = handle(
            "ioctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle FCHMOD = handle("fchmod", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle FTRUNCATE =
            handle("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle FALLOCATE =
            handle("fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle COPY_FILE_RANGE = handle(
            "copy_file_range",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle FUTIMENS = handle("futimens", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
    private static final MethodHandle LINKAT =
            handle("linkat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle STRERROR = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("strerror"),
                    FunctionDescriptor.of(ADDRESS, JAVA_INT));

    private Posix() {}

    static int open(String path, int flags, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            MemorySegment name = arena.allocateFrom(path);
            return outcome(state, (int) OPEN.invokeExact(state, name, flags, mode));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int close(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            return outcome(state, (int) CLOSE.invokeExact(state, descriptor));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** The status of {@code path} below {@code descriptor}, or the negative error number. */
    static Status statx(int descriptor, String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            MemorySegment name = arena.allocateFrom(path);
            MemorySegment buffer = arena.allocate(STATX_SIZE, 8);
            int result =
                    outcome(state, (int) STATX.invokeExact(state, descriptor, name, flags, STATX_BASIC_STATS, buffer));
            return result < 0 ? new Status.Failed(-result) : new Status.Known(fileStatus(buffer));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** What {@link #statx} found. */
    sealed interface Status {
        record Known(FileStatus status) implements Status {}

        record Failed(int errno) implements Status {}
    }

    /** Offsets as in {@code struct statx}, which is the same on every processor. */
    private static FileStatus fileStatus(MemorySegment statx) {
        long device = Integer.toUnsignedLong(statx.get(JAVA_INT, 136)) << 32
                | Integer.toUnsignedLong(statx.get(JAVA_INT, 140));
        return new FileStatus(
                new FileIdentity(device, statx.get(JAVA_LONG, 32)),
                Short.toUnsignedInt(statx.get(JAVA_SHORT, 28)),
                statx.get(JAVA_INT, 24),
                statx.get(JAVA_INT, 16),
                statx.get(JAVA_LONG, 40),
                Math.multiplyExact(statx.get(JAVA_LONG, 48), BLOCK),
                time(statx, 112),
                time(statx, 96));
    }

    private static Instant time(MemorySegment statx, long offset) {
        return Instant.ofEpochSecond(statx.get(JAVA_LONG, offset), statx.get(JAVA_INT, offset + 8));
    }

    static long lseek(int descriptor, long offset, int whence) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            long result = (long) LSEEK.invokeExact(state, descriptor, offset, whence);
            return result == -1 ? -errno(state) : result;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Sets a lock of {@code type} on the one byte at {@code offset} of the open file description, without waiting. */
    static int setLock(int descriptor, short type, long offset) {
        try (Arena arena = Arena.ofConfined()) {
            return lockCall(arena, descriptor, F_OFD_SETLK, flock(arena, type, offset, 1));
        }
    }

    /** Lets go of every lock of the open file description. */
    static int unlockAll(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            return lockCall(arena, descriptor, F_OFD_SETLK, flock(arena, F_UNLCK, 0, 0));
        }
    }

    /** 1 when another open file description holds a lock on that byte that {@code type} conflicts with, else 0. */
    static int testLock(int descriptor, short type, long offset) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flock = flock(arena, type, offset, 1);
            int result = lockCall(arena, descriptor, F_OFD_GETLK, flock);
            return result < 0 ? result : flock.get(JAVA_SHORT, 0) == F_UNLCK ? 0 : 1;
        }
    }

    private static int lockCall(Arena arena, int descriptor, int command, MemorySegment flock) {
        MemorySegment state = arena.allocate(CALL_STATE);
        try {
            return outcome(state, (int) FCNTL.invokeExact(state, descriptor, command, flock));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * {@code struct flock}: type, whence (0: from the start), start, length, and a process id that must be 0.
     *
     * @param length in bytes; 0 for all that come after {@code offset}
     */
    private static MemorySegment flock(Arena arena, short type, long offset, long length) {
        MemorySegment flock = arena.allocate(32, 8);
        flock.set(JAVA_SHORT, 0, type);
        flock.set(JAVA_LONG, 8, offset);
        flock.set(JAVA_LONG, 16, length);
        return flock;
    }

    static int fchmod(int descriptor, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            return outcome(state, (int) FCHMOD.invokeExact(state, descriptor, mode));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int ftruncate(int descriptor, long size) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            return outcome(state, (int) FTRUNCATE.invokeExact(state, descriptor, size));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int punchHole(int descriptor, long position, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
            return outcome(state, (int) FALLOCATE.invokeExact(state, descriptor, mode, position, length));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Copies up to {@code length} bytes; the one call here that can take long. */
    static long copyFileRange(int source, long position, int target, long targetPosition, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            MemorySegment from = arena.allocateFrom(JAVA_LONG, position);
            MemorySegment to = arena.allocateFrom(JAVA_LONG, targetPosition);
            long result = (long) COPY_FILE_RANGE.invokeExact(state, source, from, target, to, length, 0);
            return result == -1 ? -errno(state) : result;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** What is shared of the extents of a file from {@code position} on, up to {@value #FIEMAP_EXTENTS} of them. */
    static Sharing sharing(int descriptor, long position) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            MemorySegment fiemap = arena.allocate(FIEMAP_BYTES + FIEMAP_EXTENTS * FIEMAP_EXTENT_BYTES, 8);
            fiemap.set(JAVA_LONG, 0, position);
            fiemap.set(JAVA_LONG, 8, Long.MAX_VALUE - position);
            fiemap.set(JAVA_INT, 24, FIEMAP_EXTENTS);
            int result = outcome(state, (int) IOCTL.invokeExact(state, descriptor, FS_IOC_FIEMAP, fiemap));
            return result < 0 ? new Sharing.Failed(-result) : sharing(fiemap);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Offsets as in {@code struct fiemap} and {@code struct fiemap_extent}. */
    private static Sharing sharing(MemorySegment fiemap) {
        int count = fiemap.get(JAVA_INT, 20);
        long shared = 0;
        long end = 0;
        boolean last = count == 0;
        for (int i = 0; i < count; i++) {
            long extent = FIEMAP_BYTES + (long) i * FIEMAP_EXTENT_BYTES;
            long length = fiemap.get(JAVA_LONG, extent + 16);
            int flags = fiemap.get(JAVA_INT, extent + 40);
            end = fiemap.get(JAVA_LONG, extent) + length;
            shared += (flags & FIEMAP_EXTENT_SHARED) != 0 ? length : 0;
            last |= (flags & FIEMAP_EXTENT_LAST) != 0;
        }
        return new Sharing.Known(shared, end, last);
    }

    /** What {@link #sharing} found. */
    sealed interface Sharing {
        /**
         * Some extents.
         *
         * @param shared how many bytes of them are shared with other files
         * @param end where in the file they end
         * @param last whether none follow
         */
        record Known(long shared, long end, boolean last) implements Sharing {}

        record Failed(int errno) implements Sharing {}
    }

    /** Sets the time of the last modification, and leaves that of the last access alone. */
    static int setModified(int descriptor, Instant modified) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            MemorySegment times = arena.allocate(JAVA_LONG, 4);
            times.setAtIndex(JAVA_LONG, 1, UTIME_OMIT);
            times.setAtIndex(JAVA_LONG, 2, modified.getEpochSecond());
            times.setAtIndex(JAVA_LONG, 3, modified.getNano());
            return outcome(state, (int) FUTIMENS.invokeExact(state, descriptor, times));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Gives the file that {@code existing} leads to, symbolic links followed, one more name. */
    static int link(String existing, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            MemorySegment from = arena.allocateFrom(existing);
            MemorySegment to = arena.allocateFrom(name);
            return outcome(state, (int) LINKAT.invokeExact(state, AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** What the C library says of an error number. */
    static String describe(int errno) {
        try {
            MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
            return text.reinterpret(1024).getString(0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static int outcome(MemorySegment state, int result) {
        return result == -1 ? -errno(state) : result;
    }

    private static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    private static MethodHandle handle(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        Linker.Option[] all = new Linker.Option[options.length + 1];
        all[0] = Linker.Option.captureCallState("errno");
        System.arraycopy(options, 0, all, 1, options.length);
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, all);
    }

    private static Error unexpected(Throwable e) {
        return e instanceof Error error ? error : new AssertionError("a foreign call threw", e);
    }
}
