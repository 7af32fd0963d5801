package io.cowshed.volume;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;

/**
 * An image's file, or its seed disk's, that no QEMU, reading or writing, and nobody else in Cowshed has open or can open, until it is closed.
 */
public final class HeldImage implements AutoCloseable {

    static final int SEALED = 0444;
    private static final int OWNER_WRITES = 0200;

    private final CataloguedFile catalogued;
    private final int unsealed;
    private final PosixFile file;

    private HeldImage(CataloguedFile catalogued, int unsealed, PosixFile file) {
        this.catalogued = catalogued;
        this.unsealed = unsealed;
        this.file = file;
    }

    static HeldImage hold(VolumeLayout layout, CataloguedFile file, int mode) throws IOException {
        Path path = layout.own(file);
        return hold(path, file, mode, PosixFile.openForReading(path));
    }

    /** Root may open a file of mode 0444 for writing; a sealed image is not written to by root either. */
    static HeldImage holdForWriting(VolumeLayout layout, UUID image, int mode) throws IOException {
        Path path = layout.image(image);
        HeldImage held = hold(path, new CataloguedFile.Disk(image), mode, PosixFile.openForWriting(path));
        try {
            if ((held.file.status().mode() & OWNER_WRITES) == 0) {
                throw new AccessDeniedException(path.toString(), null, "it is read-only");
            }
            return held;
        } catch (Throwable e) {
            held.file.close();
            throw e;
        }
    }

    /** Readers may go on. */
    static HeldImage share(VolumeLayout layout, CataloguedFile file, int mode) throws IOException {
        Path path = layout.own(file);
        return hold(path, file, mode, PosixFile.openForReading(path), FileLock::againstWriters);
    }

    @FunctionalInterface
    private interface Locking {
        FileLock of(PosixFile file) throws IOException;
    }

    private static HeldImage hold(Path path, CataloguedFile catalogued, int mode, PosixFile file) throws IOException {
        return hold(path, catalogued, mode, file, FileLock::againstReadersAndWriters);
    }

    private static HeldImage hold(Path path, CataloguedFile catalogued, int mode, PosixFile file, Locking locking)
            throws IOException {
        try {
            locking.of(file);
            if (!file.isAt(path)) {
                throw new NoSuchFileException(path.toString(), null, "it was replaced meanwhile");
            }
            return new HeldImage(catalogued, mode, file);
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /** Whose file it is. */
    public UUID image() {
        return catalogued.image();
    }

    /** The file, for writing where it is held for that. Closing it does nothing. */
    public BlockFile file() {
        return new VolumeFile(file);
    }

    /** The file as it is now. */
    public ImageFileStatus status() {
        try {
            return ImageFileStatus.of(file.status());
        } catch (IOException e) {
            throw VolumeFailures.of(catalogued, e);
        }
    }

    /** What the file says of itself. */
    public InspectedFile inspect() {
        try {
            return InspectedFile.of(file);
        } catch (IOException e) {
            throw VolumeFailures.of(catalogued, e);
        }
    }

    /**
     * Sets the time of the last modification one second back, so that the next write by anyone is sure to change it, however
     * coarse the file system's clock.
     */
    public void backdate() {
        try {
            file.setModified(file.status().modified().minus(NewImageFile.BACKDATED));
        } catch (IOException e) {
            throw VolumeFailures.of(catalogued, e);
        }
    }

    /** Makes the file read-only, durably. */
    public void seal() {
        setMode(SEALED);
    }

    /** Makes the file writable again, durably. */
    public void unseal() {
        setMode(unsealed);
    }

    private void setMode(int mode) {
        try {
            file.setMode(mode);
            file.flush();
        } catch (IOException e) {
            throw VolumeFailures.of(catalogued, e);
        }
    }

    PosixFile posix() {
        return file;
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw VolumeFailures.of(catalogued, e);
        }
    }
}
