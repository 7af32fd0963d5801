package io.cowshed.volume;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.engine.posix.OutOfSpaceException;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that is to take the place of an image's. Nobody else can open it before {@link #close()}.
 *
 * <pre>
 * incoming name made, fenced ‖ content flushed ‖ old file's retired name linked, directory flushed ‖
 * new file renamed to the image's name, directory flushed ‖ row ‖ retired name removed, unless someone reads the old file
 * </pre>
 *
 * <p>When this process dies, the image has its old file or its new one. What else is left are side names, which the next sweep
 * removes. For one thread.
 */
public final class Replacement implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Replacement.class);

    private final Mount mount;
    private final VolumeLayout layout;
    private final DirectorySyncs syncs;
    private final UUID image;
    private final PosixFile old;
    private final NewImageFile file;
    private final Path retired;
    private final boolean held;
    private boolean published;

    private Replacement(Mount mount, UUID image, PosixFile old, NewImageFile file, boolean held) {
        this.held = held;
        this.mount = mount;
        this.layout = mount.layout();
        this.syncs = mount.syncs();
        this.image = image;
        this.old = old;
        this.file = file;
        this.retired = layout.retired()
                .resolve(
                        VolumeLayout.sideName(image, ThreadLocalRandom.current().nextLong()));
    }

    /** What is done at the point after which there is no way back. */
    @FunctionalInterface
    public interface Turn {

        /** Does it. */
        void take() throws IOException;
    }

    /** @param held whether the caller holds the old file against everyone when the new one takes its place */
    static Replacement begin(Mount mount, UUID image, int mode, boolean held) throws IOException {
        VolumeLayout layout = mount.layout();
        PosixFile old = PosixFile.openForReading(layout.image(image));
        try {
            FileLock.fence(old);
            if (!old.isAt(layout.image(image))) {
                throw new NoSuchFileException(layout.image(image).toString(), null, "it was replaced meanwhile");
            }
            NewImageFile file = NewImageFile.create(mount, new CataloguedFile.Disk(image), mode);
            try {
                FileLock.againstReadersAndWriters(file.posix());
                return new Replacement(mount, image, old, file, held);
            } catch (Throwable e) {
                file.close();
                throw e;
            }
        } catch (Throwable e) {
            old.close();
            throw e;
        }
    }

    /** The new file, to be written; it throws {@link VolumeFull} when there is no room. Closing it does nothing. */
    public BlockFile file() {
        return file.file();
    }

    /**
     * Gives the image its new file, durably.
     *
     * @param sealed whether the image is
     * @param turn called with the new file when all is ready, before the image changes. When this fails later than that, the image has its old
     *     file or its new one
     * @return the new file
     */
    public ImageFileStatus publish(boolean sealed, Consumer<ImageFileStatus> turn) {
        try {
            if (sealed) {
                file.posix().setMode(HeldImage.SEALED);
            }
            ImageFileStatus status = file.complete();
            retire();
            turn.accept(status);
            takePlace();
            return status;
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /**
     * Gives the image its new file, and the old one to another image, durably. Nothing would remove the old file if this
     * process died: it has no side name, because nothing but its new name may lead to what the image shows.
     *
     * <pre>
     * content flushed ‖ turn taken ‖ old file linked at the heir's name, directory flushed ‖
     * new file renamed to the image's name, directory flushed
     * </pre>
     *
     * @param heir whose name is free, or taken by this very file
     * @param turn called when all is ready, before anything changes. When this fails later than that, it can be done again
     *     from any point
     * @return the new file
     */
    public ImageFileStatus publishOver(UUID heir, Turn turn) {
        try {
            ImageFileStatus status = file.complete();
            turn.take();
            if (!old.isAt(layout.image(heir))) {
                old.link(layout.image(heir));
            }
            syncs.sync(layout.images());
            takePlace();
            return status;
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    private void takePlace() throws IOException {
        file.moveTo(layout.image(image));
        published = true;
        syncs.sync(layout.images());
    }

    /** Readers elsewhere may find that a file without a name is gone (NFS). */
    private void retire() throws IOException {
        try {
            old.link(retired);
            syncs.sync(layout.retired());
        } catch (OutOfSpaceException e) {
            LOG.warn("No room for {} on the volume; the file is replaced without it", retired.getFileName());
        }
    }

    /** Lets both files go. One that was not published is removed. */
    @Override
    public void close() {
        try (old;
                file) {
            if (!published || held || !isRead()) {
                Files.deleteIfExists(retired);
            }
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    private boolean isRead() throws IOException {
        try {
            FileLock.againstReadersAndWriters(old).close();
            return false;
        } catch (FileLockedException _) {
            return true;
        }
    }
}
