package io.cowshed.volume;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.UUID;

/**
 * An image's file that no QEMU, reading or writing, and nobody else in Cowshed has open or can open, until it is closed.
 */
public final class HeldImage implements AutoCloseable {

    private static final int SEALED = 0444;
    private static final int OWNER_WRITES = 0200;

    private final UUID image;
    private final int unsealed;
    private final PosixFile file;

    private HeldImage(UUID image, int unsealed, PosixFile file) {
        this.image = image;
        this.unsealed = unsealed;
        this.file = file;
    }

    static HeldImage hold(VolumeLayout layout, UUID image, int mode) throws IOException {
        return hold(layout, image, mode, PosixFile.openForReading(layout.image(image)));
    }

    /** Root may open a file of mode 0444 for writing; a sealed image is not written to by root either. */
    static HeldImage holdForWriting(VolumeLayout layout, UUID image, int mode) throws IOException {
        HeldImage held = hold(layout, image, mode, PosixFile.openForWriting(layout.image(image)));
        try {
            if ((held.file.status().mode() & OWNER_WRITES) == 0) {
                throw new AccessDeniedException(layout.image(image).toString(), null, "it is read-only");
            }
            return held;
        } catch (Throwable e) {
            held.file.close();
            throw e;
        }
    }

    private static HeldImage hold(VolumeLayout layout, UUID image, int mode, PosixFile file) throws IOException {
        try {
            FileLock.againstReadersAndWriters(file);
            if (!file.isAt(layout.image(image))) {
                throw new NoSuchFileException(layout.image(image).toString(), null, "it was replaced meanwhile");
            }
            return new HeldImage(image, mode, file);
        } catch (Throwable e) {
            file.close();
            throw e;
        }
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
            throw VolumeFailures.of(image, e);
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
            throw VolumeFailures.of(image, e);
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
            throw VolumeFailures.of(image, e);
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
            throw VolumeFailures.of(image, e);
        }
    }
}
