package io.cowshed.cow;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Settlement;
import io.cowshed.problem.CowshedException;
import io.cowshed.volume.ImageFileMissing;
import io.cowshed.volume.Removal;
import io.cowshed.volume.Volume;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Removes images for good. */
@Component
public class Removals {

    private static final Logger LOG = LoggerFactory.getLogger(Removals.class);

    private final Catalog catalog;
    private final Settlement settlement;
    private final Volume volume;

    Removals(Catalog catalog, Settlement settlement, Volume volume) {
        this.catalog = catalog;
        this.settlement = settlement;
        this.volume = volume;
    }

    /**
     * Removes an image and its file.
     *
     * @param expectedVersions one of which the caller has read, or null to remove whatever there is
     * @throws CowshedException where a rule forbids it, or the image is in use
     */
    public void remove(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        Image image = catalog.checkRemoval(ref, expectedVersions);
        Removal removal;
        try {
            removal = volume.remove(image.id());
        } catch (ImageFileMissing _) {
            // There is nothing to protect any more: let the row go too, if somebody else has not just removed it.
            catalog.remove(ImageRef.of(image.id()), expectedVersions);
            return;
        }
        try (removal) {
            remove(image.id(), expectedVersions, removal);
        }
    }

    private void remove(UUID id, @Nullable Set<Long> expectedVersions, Removal removal) {
        try {
            catalog.remove(ImageRef.of(id), expectedVersions);
        } catch (RuntimeException failure) {
            settle(id, removal, failure);
            throw failure;
        }
        removal.uncatalogued();
    }

    /** A commit that failed may still have been done. */
    private void settle(UUID id, Removal removal, RuntimeException failure) {
        try {
            if (settlement.settle(id)) {
                removal.refused();
            } else {
                removal.uncatalogued();
            }
        } catch (RuntimeException e) {
            LOG.warn("Whether image {} is still catalogued cannot be told now; the next sweep finds out", id, e);
            failure.addSuppressed(e);
        }
    }
}
