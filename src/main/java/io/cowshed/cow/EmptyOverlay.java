package io.cowshed.cow;

import io.cowshed.catalog.Image;
import io.cowshed.engine.qcow2.FreshImage;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.volume.Replacement;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.UUID;

/** A new file for an image that shows its parent and nothing of its own. */
final class EmptyOverlay {

    private EmptyOverlay() {}

    /**
     * Writes it.
     *
     * @param virtualSize of the image's disk, in bytes
     */
    static void write(Replacement next, Image image, long virtualSize, UUID parent) throws IOException {
        FreshImage.overlay(
                next.file(),
                virtualSize,
                Integer.numberOfTrailingZeros(image.clusterSize()),
                new ImageIdentity(image.id(), image.name()),
                Volume.backingName(parent));
    }
}
