package io.cowshed.volume;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of an image, or of its seed disk, in the making. It is filled through {@link #file()}, {@link #publish()} gives it its image's name,
 * the caller commits the image's row, and {@link #keep()} ends it:
 *
 * <pre>
 * incoming name made, fenced ‖ content flushed ‖ image name linked, directory flushed ‖ row ‖ incoming name removed
 * </pre>
 *
 * <p>From beginning to end the fence keeps sweeps away, and the incoming name says what to do with the file when this process
 * dies: keep it if the image has a row. The same holds when the outcome of a commit is not known: {@link #close()} after
 * {@link #publish()} leaves both names to the next sweep. For one thread.
 */
public final class NewImageFile implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(NewImageFile.class);

    private static final int ATTEMPTS = 8;
    static final Duration BACKDATED = Duration.ofSeconds(1);

    private final Mount mount;
    private final VolumeLayout layout;
    private final DirectorySyncs syncs;
    private final CataloguedFile catalogued;
    private final Path incoming;
    private final PosixFile file;

    /** Whether {@link #close()} leaves the names as they are. */
    private boolean decided;

    private NewImageFile(Mount mount, CataloguedFile catalogued, Path incoming, PosixFile file) {
        this.mount = mount;
        this.layout = mount.layout();
        this.syncs = mount.syncs();
        this.catalogued = catalogued;
        this.incoming = incoming;
        this.file = file;
    }

    /** A sweep may come between making the file and fencing it, and takes it for abandoned: then there is another try. */
    static NewImageFile create(Mount mount, CataloguedFile catalogued, int mode) throws IOException {
        mount.require();
        VolumeLayout layout = mount.layout();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Path incoming = layout.incoming().resolve(VolumeLayout.newSideName(catalogued));
            PosixFile file = PosixFile.create(incoming, mode);
            boolean ours = false;
            try {
                ours = claim(file, incoming);
                if (ours) {
                    return new NewImageFile(mount, catalogued, incoming, file);
                }
            } finally {
                if (!ours) {
                    Files.deleteIfExists(incoming);
                    file.close();
                }
            }
        }
        throw new FileSystemException(layout.incoming().toString(), null, "no new file in it could be fenced");
    }

    /**
     * A file that is there already, with a name elsewhere in the same file system, which it keeps whatever becomes of this one.
     * No QEMU has it open or can open it meanwhile.
     */
    static NewImageFile of(Mount mount, CataloguedFile catalogued, Path elsewhere) throws IOException {
        mount.require();
        PosixFile file = PosixFile.openForWriting(elsewhere);
        try {
            FileLock.fence(file);
            FileLock.againstReadersAndWriters(file);
            Path incoming = mount.layout().incoming().resolve(VolumeLayout.newSideName(catalogued));
            file.link(incoming);
            return new NewImageFile(mount, catalogued, incoming, file);
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /** Fences a new file; false when someone else has, or had and took its name away. */
    static boolean claim(PosixFile file, Path name) throws IOException {
        try {
            FileLock.fence(file);
            return file.isAt(name);
        } catch (FileLockedException _) {
            return false;
        }
    }

    /** The image that the file is for. */
    public UUID image() {
        return catalogued.image();
    }

    /** Which file it is to be. */
    public CataloguedFile catalogued() {
        return catalogued;
    }

    /** The file, to be written; it throws {@link VolumeFull} when there is no room. Closing it does nothing. */
    public BlockFile file() {
        return new VolumeFile(file);
    }

    /**
     * Makes the file durable, and then its name. The time of its last modification is set one second back, so that the
     * first write by anyone is sure to change it, however coarse the file system's clock.
     *
     * @return the file as it is published
     * @throws VolumeUnavailable when the volume fails, or already has a file for this image
     */
    public ImageFileStatus publish() {
        ImageFileStatus status = name();
        flushNames();
        decided = true;
        return status;
    }

    /** Gives the file the permissions of one that is sealed, or of one that is not. */
    public void setSealed(boolean sealed, Volume volume) {
        try {
            file.setMode(sealed ? HeldImage.SEALED : volume.fileMode());
        } catch (IOException e) {
            throw mount.failure(catalogued, e);
        }
    }

    /** As {@link #publish()}, of an image that is sealed from the beginning: its file is read-only. */
    public ImageFileStatus publishSealed() {
        try {
            file.setMode(HeldImage.SEALED);
        } catch (IOException e) {
            throw mount.failure(catalogued, e);
        }
        return publish();
    }

    /**
     * Publishes files of one kind that belong together: as {@link #publish()} does it with each, but their names are flushed
     * once, all at the end. After a failure some of them may have their names.
     *
     * @return the files as they are published, in the same order
     */
    public static List<ImageFileStatus> publish(List<NewImageFile> files) {
        List<ImageFileStatus> statuses = files.stream().map(NewImageFile::name).toList();
        files.getLast().flushNames();
        files.forEach(file -> file.decided = true);
        return statuses;
    }

    private ImageFileStatus name() {
        try {
            ImageFileStatus status = complete();
            file.link(layout.own(catalogued));
            return status;
        } catch (FileAlreadyExistsException e) {
            throw new VolumeUnavailable(
                    VolumeFailures.capitalised(catalogued)
                            + " is there already. An audit of the volume tells whether the catalogue has it.",
                    e);
        } catch (IOException e) {
            throw mount.failure(catalogued, e);
        }
    }

    /** Makes the content durable, and nobody's write look like none. */
    ImageFileStatus complete() throws IOException {
        file.setModified(file.status().modified().minus(BACKDATED));
        file.flush();
        return ImageFileStatus.of(file.status());
    }

    /** Gives it another name instead of the incoming one, at which there may be a file. */
    void moveTo(Path name) throws IOException {
        Files.move(incoming, name, StandardCopyOption.ATOMIC_MOVE);
        decided = true;
    }

    PosixFile posix() {
        return file;
    }

    private void flushNames() {
        try {
            syncs.sync(layout.directory(catalogued));
            // A file that was made in another place, just as the volume was being taken away, has got its name there
            // too.
            mount.require();
        } catch (IOException e) {
            throw mount.failure(catalogued, e);
        }
    }

    /** The image's row has been committed, or is sure to be: the file stays. Where the incoming name cannot be removed, a sweep does it. */
    public void keep() {
        decided = true;
        try (file) {
            Files.deleteIfExists(incoming);
        } catch (IOException e) {
            LOG.warn("{} is left to a sweep", incoming, e);
        }
    }

    /** The image's row is known not to have been committed, and never to be: the file goes at once. */
    public void discard() {
        try {
            removeNames();
            file.close();
        } catch (IOException e) {
            throw mount.failure(catalogued, e);
        }
    }

    /** The incoming name goes last; where its turn does not come, a sweep goes on from there. */
    private void removeNames() throws IOException {
        decided = true;
        if (file.isAt(layout.own(catalogued))) {
            Files.delete(layout.own(catalogued));
            syncs.sync(layout.directory(catalogued));
        }
        Files.deleteIfExists(incoming);
    }

    /**
     * Lets the file go. One that was not published, or not wholly, is removed. One that was, and is neither {@linkplain #keep()
     * kept} nor {@linkplain #discard() discarded}, is left as it is: whether it lives, the next sweep asks the
     * catalogue.
     */
    @Override
    public void close() {
        try (file) {
            if (!decided) {
                removeNames();
            }
        } catch (IOException e) {
            throw mount.failure(catalogued, e);
        }
    }
}
