package io.cowshed.catalog.web;

import io.cowshed.catalog.FamilyVersion;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageEntry;
import io.cowshed.catalog.ImageLink;
import io.cowshed.catalog.ImageListing;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.LeaseTerms;
import io.cowshed.catalog.SeedLink;
import io.cowshed.volume.Volume;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Makes {@link ImageView}s. */
@Component
public class ImageViews {

    private final ImageListing listing;
    private final Volume volume;
    private final LeaseTerms terms;
    private final Clock clock;

    ImageViews(ImageListing listing, Volume volume, LeaseTerms terms, Clock clock) {
        this.listing = listing;
        this.volume = volume;
        this.terms = terms;
        this.clock = clock;
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
                entry.version() == null ? null : entry.version().family(),
                entry.version() == null ? null : entry.version().word(),
                image.state(),
                image.isSealed(),
                image.isProtected(),
                image.isRemovedWhenChildless(),
                image.lifetime(),
                image.lease() == null ? null : image.lease().expiresAt(),
                image.lease() == null ? null : LeaseView.of(image.lease(), terms),
                parent(entry.parent(), entry.versionOfParent()),
                entry.depth(),
                entry.children(),
                image.virtualSize(),
                allocatedSize(image),
                image.clusterSize(),
                image.digest(),
                Volume.relativePath(image.id()),
                image.attachments(),
                entry.operation(),
                seed(entry.seed()),
                image.createdAt(),
                image.createdBy(),
                image.updatedAt(),
                image.trashedAt(),
                image.fault(),
                Deprecation.warnings(entry.versionOfParent(), clock.instant()));
    }

    /** Guests write to the files of unsealed images without telling us. */
    private long allocatedSize(Image image) {
        return image.isSealed() || image.state() == ImageState.CREATING
                ? image.allocatedSize()
                : volume.sizes().allocated(image.id()).orElse(image.allocatedSize());
    }

    private static ImageView.@Nullable Seed seed(@Nullable SeedLink seed) {
        return seed == null ? null : new ImageView.Seed(seed.file().relativePath(), seed.instanceId());
    }

    private static ImageView.@Nullable Parent parent(@Nullable ImageLink parent, @Nullable FamilyVersion version) {
        return parent == null
                ? null
                : new ImageView.Parent(
                        parent.id(),
                        parent.name(),
                        version == null ? null : version.family(),
                        version == null ? null : version.word());
    }
}
