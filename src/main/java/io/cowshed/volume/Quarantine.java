package io.cowshed.volume;

import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.engine.posix.NotRegularFileException;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.function.BooleanSupplier;

/**
 * Where files go that nobody knows, to be looked at by people. Nothing is ever deleted: the file gets another name, and then
 * loses its own.
 *
 * <pre>
 * fenced, and held against everyone ‖ name in quarantine/ linked, directory flushed ‖ own name removed, directory flushed
 * </pre>
 *
 * <p>When this process dies on the way the file has both names, and the next who puts it aside goes on from there. What
 * catalogued files lie on is read once: one for a round, not for ever.
 */
public final class Quarantine {

    private final Mount mount;
    private final VolumeLayout layout;
    private final DirectorySyncs syncs;
    private final BackingsInUse backings;

    Quarantine(Mount mount, BackingsInUse backings) {
        this.mount = mount;
        this.layout = mount.layout();
        this.syncs = mount.syncs();
        this.backings = backings;
    }

    /** What became of a file. */
    public enum Outcome {
        /** It was put aside. */
        MOVED,
        /** It was gone already, or has become somebody's. */
        GONE,
        /** Somebody has it open, or works on it. */
        IN_USE,
        /** A catalogued file may lie on it. */
        BACKING,
        /** It is too young. */
        YOUNG,
        /** It is no regular file. */
        IRREGULAR
    }

    /**
     * Puts a file aside.
     *
     * @param before when it must have been changed last, its names included
     * @param unknown asked when nobody can work on it any more: whether it is still nobody's
     * @throws VolumeUnavailable when that cannot be done now
     */
    public Outcome put(VolumeEntry entry, Instant before, BooleanSupplier unknown) {
        try {
            return put(layout.named(entry.area(), entry.name()), entry, before, unknown);
        } catch (NoSuchFileException _) {
            mount.require();
            return Outcome.GONE;
        } catch (FileLockedException _) {
            return Outcome.IN_USE;
        } catch (NotRegularFileException _) {
            return Outcome.IRREGULAR;
        } catch (IOException e) {
            throw mount.failure(entry.path() + " cannot be put into quarantine" + VolumeFailures.reason(e) + ".", e);
        }
    }

    private Outcome put(Path own, VolumeEntry entry, Instant before, BooleanSupplier unknown) throws IOException {
        try (PosixFile file = PosixFile.openForReading(own);
                FileLock _ = FileLock.fence(file);
                FileLock _ = FileLock.againstReadersAndWriters(file)) {
            if (!file.isAt(own) || !unknown.getAsBoolean()) {
                return Outcome.GONE;
            }
            if (!file.status().changed().isBefore(before)) {
                return Outcome.YOUNG;
            }
            if (backings.contains(entry.name())) {
                return Outcome.BACKING;
            }
            mount.require();
            makeDirectory();
            link(file, entry.name());
            Files.delete(own);
            syncs.sync(layout.directory(entry.area()));
            return Outcome.MOVED;
        }
    }

    private void makeDirectory() throws IOException {
        try {
            Files.createDirectory(layout.quarantine());
        } catch (FileAlreadyExistsException _) {
            // As it should be; if it is none, the link fails.
        }
        syncs.sync(layout.root());
    }

    private void link(PosixFile file, String name) throws IOException {
        Path target = layout.quarantine().resolve(name);
        for (int another = 1; !file.isAt(target); another++) {
            try {
                file.link(target);
            } catch (FileAlreadyExistsException _) {
                target = layout.quarantine().resolve(name + "." + another);
            }
        }
        syncs.sync(layout.quarantine());
    }
}
