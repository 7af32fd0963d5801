package io.cowshed.volume;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.UUID;

/**
 * An image's file that no QEMU, reading or writing, and nobody else in Cowshed has open or can open, until it is closed.
 */
public final class HeldImage implements AutoCloseable {

    private static final int SEALED = 0444;

    private final UUID image;
    private final int unsealed;
    private final PosixFile file;

    private HeldImage(UUID image, int unsealed, PosixFile file) {
        this.image = image;
        this.unsealed = unsealed;
        this.file = file;
    }

    static HeldImage hold(VolumeLayout layout, UUID image, int mode) throws IOException {
        PosixFile file = PosixFile.openForReading(layout.image(image));
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

    /** The file, for reading. Closing it does nothing. */
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
