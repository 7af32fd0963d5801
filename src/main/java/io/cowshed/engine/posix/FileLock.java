package io.cowshed.engine.posix;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;

/**
 * Locked bytes of an open file, held until closed, until the file is closed, or until this process ends. Nobody waits for
 * a lock here: taking one succeeds at once or is refused.
 *
 * <p>Every lock is a <em>read</em> lock of the open file description (OFD) on single bytes, whose position gives it its
 * meaning, and conflicts are found by testing after taking: that is QEMU's protocol ({@code block/file-posix.c}), and it
 * works on a file that this process may only read, as a sealed image is. Two who take at the same instant may both be
 * refused, never both succeed.
 *
 * <p>QEMU's bytes: 100+<i>p</i> says "I have permission p", 200+<i>p</i> "I do not share p", with p being 0 for reading
 * consistent data, 1 for writing and 3 for resizing. One {@code PosixFile} carries one of the two QEMU locks at a time.
 */
public final class FileLock implements AutoCloseable {

    private static final long HAS = 100;
    private static final long REFUSES = 200;
    private static final int CONSISTENT_READ = 0;
    private static final int WRITE = 1;
    private static final int RESIZE = 3;

    /**
     * The byte of Cowshed's own fence. QEMU's permission bits fit in 64, so it stays below 264 whatever it adds; a byte
     * past the end of the file can be locked like any other.
     */
    private static final long FENCE = 500;

    /** The bytes of a volume's marker: one for each of those who share the volume, one for who wants it alone. */
    private static final long SHARES = 501;

    private static final long ALONE = 502;

    private final PosixFile file;
    private final List<Long> bytes;

    private FileLock(PosixFile file, List<Long> bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    /**
     * Fences a file off from every other Cowshed, and every other part of this one, that works on it as a file: makes,
     * publishes, retires, sweeps it. Says nothing to QEMU.
     *
     * @throws FileLockedException when another holds it
     */
    public static FileLock fence(PosixFile file) throws IOException {
        return take(file, List.of(FENCE), List.of(FENCE));
    }

    /**
     * Says that what the file stands for is in use, by as many as like.
     *
     * @throws FileLockedException when somebody has it {@linkplain #alone alone}
     */
    public static FileLock shared(PosixFile file) throws IOException {
        return take(file, List.of(SHARES), List.of(ALONE));
    }

    /**
     * Takes what the file stands for alone.
     *
     * @throws FileLockedException when anybody else has it
     */
    public static FileLock alone(PosixFile file) throws IOException {
        return take(file, List.of(ALONE), List.of(ALONE, SHARES));
    }

    /**
     * Shuts out every QEMU, readers too, as a QEMU that writes to the file would.
     *
     * @throws FileLockedException when the file is open in any QEMU, or is the backing of an image that is
     */
    public static FileLock againstReadersAndWriters(PosixFile file) throws IOException {
        return takeAsQemu(file, List.of(CONSISTENT_READ, WRITE, RESIZE));
    }

    /**
     * Shuts out QEMUs that write, as a QEMU that reads the file would; readers go on.
     *
     * @throws FileLockedException when a QEMU has the file open for writing
     */
    public static FileLock againstWriters(PosixFile file) throws IOException {
        return takeAsQemu(file, List.of(CONSISTENT_READ));
    }

    /** What those who have the file open do with it, by what they have locked just now. Takes no lock. */
    public static FileUse use(PosixFile file) throws IOException {
        if (anyLockedElsewhere(file, List.of(HAS + WRITE, HAS + RESIZE))) {
            return FileUse.WRITER;
        }
        return anyLockedElsewhere(
                        file,
                        List.of(HAS + CONSISTENT_READ, REFUSES + CONSISTENT_READ, REFUSES + WRITE, REFUSES + RESIZE))
                ? FileUse.READER
                : FileUse.NONE;
    }

    /**
     * That those who have the file open do no more with it than {@code most}. Takes no lock.
     *
     * @throws FileLockedException when one does
     */
    public static FileUse requireUse(PosixFile file, FileUse most) throws IOException {
        FileUse use = use(file);
        if (use.compareTo(most) > 0) {
            throw new FileLockedException(file);
        }
        return use;
    }

    /** Whether another holds the {@linkplain #fence fence} just now. Takes no lock. */
    public static boolean isFenced(PosixFile file) throws IOException {
        return anyLockedElsewhere(file, List.of(FENCE));
    }

    private static FileLock takeAsQemu(PosixFile file, List<Integer> permissions) throws IOException {
        List<Integer> unshared = List.of(WRITE, RESIZE);
        List<Long> own = new ArrayList<>();
        List<Long> conflicting = new ArrayList<>();
        for (int permission : permissions) {
            own.add(HAS + permission);
            conflicting.add(REFUSES + permission);
        }
        for (int permission : unshared) {
            own.add(REFUSES + permission);
            conflicting.add(HAS + permission);
        }
        return take(file, own, conflicting);
    }

    private static FileLock take(PosixFile file, List<Long> own, List<Long> conflicting) throws IOException {
        FileLock lock = new FileLock(file, own);
        try {
            if (takeAll(file, own) && !anyLockedElsewhere(file, conflicting)) {
                return lock;
            }
        } catch (Throwable e) {
            lock.close();
            throw e;
        }
        // Our own bytes go first, so as not to be named among the holders.
        lock.close();
        throw new FileLockedException(file);
    }

    private static boolean takeAll(PosixFile file, List<Long> offsets) throws IOException {
        for (long offset : offsets) {
            if (!file.tryLock(offset)) {
                return false;
            }
        }
        return true;
    }

    private static boolean anyLockedElsewhere(PosixFile file, List<Long> offsets) throws IOException {
        for (long offset : offsets) {
            if (file.lockedElsewhere(offset)) {
                return true;
            }
        }
        return false;
    }

    /** Lets go of the bytes. A file that is already closed has let go of them. */
    @Override
    public void close() throws IOException {
        try {
            for (long offset : bytes) {
                file.unlock(offset);
            }
        } catch (ClosedChannelException _) {
            // The locks went with the file.
        }
    }
}
