package io.cowshed.rescue;

import io.cowshed.catalog.ExpiryHold;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.Lease;
import io.cowshed.catalog.OnExpire;
import io.cowshed.catalog.RestoredImage;
import io.cowshed.engine.qcow2.FreshImage;
import io.cowshed.rescue.RescueNotes.Noted;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes the row of an image from its file and from what the export says of it. */
final class RescueRows {

    private static final String NOBODY = "rescue";

    private final Instant now;

    RescueRows(Instant now) {
        this.now = now;
    }

    /**
     * The row of an image.
     *
     * @param digest what it holds, where it is sealed; null where it is not
     * @param fault what is wrong with it; null for nothing
     */
    RestoredImage row(Noted noted, @Nullable KnownDigest digest, @Nullable String fault) {
        ImageRecord record = noted.record();
        RescueNotes.Found file = noted.file();
        boolean trashed = RescueNames.isTrashed(noted);
        ImageState state = trashed ? ImageState.TRASHED : fault == null ? ImageState.AVAILABLE : ImageState.ERROR;
        boolean clonable = digest != null && state == ImageState.AVAILABLE;
        return new RestoredImage(
                file.id(),
                noted.name(),
                record == null ? "" : record.description(),
                record == null ? Map.of() : record.labels(),
                state,
                record != null && record.isProtected() && !trashed,
                record != null && record.removeWhenChildless() && clonable && !record.isProtected(),
                noted.parentState() == RescueNotes.ParentState.CLONABLE ? file.parent() : null,
                layout(file, trashed),
                fault == null ? digest : null,
                record == null ? now : record.createdAt(),
                record == null ? NOBODY : record.createdBy(),
                record == null ? now : record.updatedAt(),
                // It may have been restored since the export: so it is kept there for as long as if it had just come.
                trashed ? now : null,
                fault,
                record == null || record.lease() == null ? null : lease(record.lease(), trashed),
                record == null ? 0 : record.version() + 1);
    }

    /** Of a file that cannot be read nothing is known; the catalogue has room for that only outside of the trash. */
    private static @Nullable Layout layout(RescueNotes.Found file, boolean trashed) {
        RescueNotes.Sizes sizes = file.layout();
        return sizes != null
                ? new Layout(sizes.virtualSize(), file.allocatedSize(), sizes.clusterSize())
                : trashed ? new Layout(0, file.allocatedSize(), 1 << FreshImage.DEFAULT_CLUSTER_BITS) : null;
    }

    /** Its end is announced anew, so nothing goes before somebody could look at it. */
    private static Lease lease(ImageRecord.LeaseRecord lease, boolean trashed) {
        boolean flagged = lease.flagged() && !trashed;
        return new Lease(
                lease.from(),
                lease.expiresAt(),
                OnExpire.parse(lease.onExpire()),
                lease.copy(),
                null,
                null,
                lease.warnAt(),
                null,
                trashed || flagged ? null : lease.warnAt(),
                flagged ? ExpiryHold.KEPT : null,
                flagged ? "It has expired, and is kept as was asked." : null,
                0);
    }
}
