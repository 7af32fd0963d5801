package io.cowshed.volume;

import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.engine.posix.FileStatus;
import io.cowshed.engine.posix.OutOfSpaceException;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.problem.CowshedException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The place of the volume, where at times it is not, or something else is: nothing is made there then, and that a file is
 * missing says nothing. What tells is the marker. It is read once, and looked at after that: as long as there is the same file,
 * unchanged, it is the same volume. It may come back on another device.
 */
final class Mount {

    private final VolumeLayout layout;
    private final DirectorySyncs syncs;
    private final VolumeMarker marker;
    private volatile @Nullable FileStatus seen;
    private volatile @Nullable VolumePresence presence;

    /** @param marker that of the volume which the service started with */
    Mount(VolumeLayout layout, DirectorySyncs syncs, VolumeMarker marker) {
        this.layout = layout;
        this.syncs = syncs;
        this.marker = marker;
    }

    VolumeLayout layout() {
        return layout;
    }

    DirectorySyncs syncs() {
        return syncs;
    }

    /** Whose volume it is. */
    UUID installation() {
        return marker.installation();
    }

    /**
     * Says that the volume is in use, and says it again when it comes back: a lock on the marker is gone with the file system.
     *
     * @throws UnusableVolume when a command has it alone
     */
    VolumePresence beThere() {
        VolumePresence there = VolumePresence.shared(layout);
        presence = there;
        return there;
    }

    /**
     * That the volume is there: one system call.
     *
     * @throws VolumeUnavailable when it is not
     */
    void require() {
        try {
            Optional<FileStatus> now = PosixFile.statusOf(layout.marker());
            if (now.isEmpty() || !now.get().equals(seen)) {
                seen = read();
            }
        } catch (NoSuchFileException e) {
            throw VolumeUnavailable.absent(
                    "The volume is not mounted at " + layout.root() + ": its marker, "
                            + layout.marker().getFileName() + ", is not there.",
                    "Mount it again; the service then goes on by itself.",
                    e);
        } catch (FileLockedException e) {
            throw VolumeUnavailable.absent(
                    "The volume at " + layout.root() + " is in use by " + e.holderNames() + ".",
                    "Wait until it has ended; the service then goes on by itself.",
                    e);
        } catch (IOException e) {
            throw VolumeUnavailable.absent(
                    "The marker of the volume at " + layout.root() + " cannot be read" + VolumeFailures.reason(e) + ".",
                    "Check how the volume is mounted, and that the service may read it.",
                    e);
        }
    }

    /**
     * As {@link #require}, and that it can be written to.
     *
     * @throws VolumeUnavailable when it is not there, is read-only, or is not the service's
     */
    void requireWritable() {
        require();
        for (Path directory :
                List.of(layout.images(), layout.seeds(), layout.incoming(), layout.retired(), layout.catalogue())) {
            if (!Files.isWritable(directory)) {
                throw VolumeUnavailable.absent(
                        "The directory " + directory + " cannot be written to: the volume is mounted read-only, or the"
                                + " service has no permission to.",
                        "Mount it for writing, and give it to the user that the service runs as.",
                        new AccessDeniedException(directory.toString()));
            }
        }
    }

    private FileStatus read() throws IOException {
        try (PosixFile file = PosixFile.openForReading(layout.marker())) {
            VolumeMarker found = VolumeMarker.of(file);
            if (!found.equals(marker)) {
                throw VolumeUnavailable.absent(
                        "What is mounted at " + layout.root() + " is another volume than the service started with.",
                        "Mount the right one; the service then goes on by itself. Or start it again with this one.",
                        new IOException("The marker says " + found + ", and not " + marker));
            }
            VolumePresence there = presence;
            if (there != null) {
                there.renew();
            }
            return file.status();
        }
    }

    /** What a failure at a file of the volume is to a client: where the volume is not there, that. */
    CowshedException failure(CataloguedFile file, IOException failure) {
        return absence(failure).orElseGet(() -> VolumeFailures.of(file, failure));
    }

    /** As above, at the disk of an image. */
    CowshedException failure(UUID image, IOException failure) {
        return failure(new CataloguedFile.Disk(image), failure);
    }

    /** As above, at anything else; {@code detail} is a sentence. */
    CowshedException failure(String detail, IOException failure) {
        return absence(failure).orElseGet(() -> new VolumeUnavailable(detail, failure));
    }

    private Optional<CowshedException> absence(IOException failure) {
        if (failure instanceof FileLockedException || failure instanceof OutOfSpaceException) {
            return Optional.empty();
        }
        try {
            require();
            return Optional.empty();
        } catch (VolumeUnavailable absent) {
            return Optional.of(absent);
        }
    }
}
