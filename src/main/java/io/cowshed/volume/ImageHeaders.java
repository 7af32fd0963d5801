package io.cowshed.volume;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.Qcow2HeaderReader;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;

/** What the files of images say of themselves now, whoever uses them. */
public final class ImageHeaders {

    private final Mount mount;

    ImageHeaders(Mount mount) {
        this.mount = mount;
    }

    /**
     * The whole header.
     *
     * @throws ImageFileMissing when there is no file
     */
    public Qcow2Header of(UUID image) {
        try (BlockFile file = PosixFile.openForReading(mount.layout().image(image))) {
            return Qcow2HeaderReader.read(file);
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /** The image that an image's file lies on; empty for none, or one that is no image of the volume. */
    public Optional<UUID> parentOf(UUID image) {
        return Optional.ofNullable(of(image).backingName()).flatMap(VolumeLayout::imageOf);
    }

    /** Which image an image's file says it is; empty where it says nothing. */
    public Optional<UUID> identityOf(UUID image) {
        return Optional.ofNullable(of(image).identity()).map(ImageIdentity::id);
    }
}
