package io.cowshed.catalog.web;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageEntry;
import io.cowshed.catalog.ImageLink;
import io.cowshed.catalog.ImageListing;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.volume.Volume;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Makes {@link ImageView}s. */
@Component
public class ImageViews {

    private final ImageListing listing;
    private final Volume volume;

    ImageViews(ImageListing listing, Volume volume) {
        this.listing = listing;
        this.volume = volume;
    }

    /** The image as it is in this transaction. */
    public ImageView of(Image image) {
        return of(listing.entry(ImageRef.of(image.id())));
    }

    /** The image and its place in the graph. */
    public ImageView of(ImageEntry entry) {
        Image image = entry.image();
        return new ImageView(
                image.id(),
                image.name(),
                image.description(),
                image.labels().values(),
                image.state(),
                image.isSealed(),
                image.isProtected(),
                image.lifetime(),
                image.expiresAt(),
                parent(entry.parent()),
                entry.depth(),
                entry.children(),
                image.virtualSize(),
                allocatedSize(image),
                image.clusterSize(),
                image.digest(),
                Volume.relativePath(image.id()),
                image.createdAt(),
                image.createdBy(),
                image.updatedAt());
    }

    /** Guests write to the files of unsealed images without telling us. */
    private long allocatedSize(Image image) {
        return image.isSealed() || image.state() == ImageState.CREATING
                ? image.allocatedSize()
                : volume.allocatedSize(image.id()).orElse(image.allocatedSize());
    }

    private static ImageView.@Nullable Parent parent(@Nullable ImageLink parent) {
        return parent == null ? null : new ImageView.Parent(parent.id(), parent.name());
    }
}
