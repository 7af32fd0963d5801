package io.cowshed.transfer;

import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.engine.block.DiskImage;
import java.io.IOException;

/**
 * An image that is open to be read, and what the catalogue and the volume say of it meanwhile.
 *
 * @param stamp of its own file
 */
public record OpenDisk(DiskImage disk, Image image, FileStamp stamp) implements AutoCloseable {

    /**
     * The entity tag of the content: a sealed image's digest, or for one that guests may write to, the state of its file.
     */
    public String entityTag() {
        return image.digest() == null
                ? "\"%s-%x-%x\"".formatted(image.id(), stamp.size(), stamp.modifiedNanos())
                : "\"" + image.digest() + "\"";
    }

    @Override
    public void close() throws IOException {
        disk.close();
    }
}
