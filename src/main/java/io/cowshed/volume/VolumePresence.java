package io.cowshed.volume;

import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;

/**
 * Says who uses a volume, by a lock on its marker: every replica of a service shares it, a command that rebuilds the catalogue
 * has it alone. Who dies lets go of it.
 */
public final class VolumePresence implements AutoCloseable {

    private final VolumeLayout layout;
    private final Taking taking;
    private PosixFile marker;
    private boolean closed;

    private VolumePresence(VolumeLayout layout, Taking taking, PosixFile marker) {
        this.layout = layout;
        this.taking = taking;
        this.marker = marker;
    }

    @FunctionalInterface
    private interface Taking {
        FileLock take(PosixFile marker) throws IOException;
    }

    static VolumePresence shared(VolumeLayout layout) {
        return take(layout, FileLock::shared, "Wait until it has ended, then start again.");
    }

    static VolumePresence alone(VolumeLayout layout) {
        return take(layout, FileLock::alone, "Stop every replica of the service that has this volume, then try again.");
    }

    private static VolumePresence take(VolumeLayout layout, Taking taking, String remedy) {
        try {
            return new VolumePresence(layout, taking, locked(layout, taking));
        } catch (FileLockedException e) {
            throw new UnusableVolume(
                    "The volume " + layout.root() + " is in use by " + e.holderNames() + ".", remedy, e);
        } catch (IOException e) {
            throw new UnusableVolume(
                    "The volume " + layout.root() + " cannot be used: " + e + ".",
                    "Check how it is mounted and who owns it.",
                    e);
        }
    }

    private static PosixFile locked(VolumeLayout layout, Taking taking) throws IOException {
        PosixFile marker = PosixFile.openForReading(layout.marker());
        try {
            taking.take(marker);
            return marker;
        } catch (Throwable e) {
            marker.close();
            throw e;
        }
    }

    /**
     * Locks the marker that is there now, and lets go of the one before, which may keep a file system that nobody sees any more.
     *
     * @throws FileLockedException when somebody else has it by now
     */
    synchronized void renew() throws IOException {
        if (!closed) {
            PosixFile before = marker;
            marker = locked(layout, taking);
            before.close();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        try {
            marker.close();
        } catch (IOException e) {
            throw new VolumeUnavailable("The volume's marker cannot be closed.", e);
        }
    }
}
