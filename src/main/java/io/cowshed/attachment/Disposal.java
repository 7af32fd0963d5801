package io.cowshed.attachment;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.Deregistration;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Lease;
import io.cowshed.catalog.Leases;
import io.cowshed.catalog.Lifetime;
import io.cowshed.catalog.Lineages;
import io.cowshed.catalog.OnExpire;
import io.cowshed.catalog.Trash;
import io.cowshed.database.Transactions;
import io.cowshed.problem.CowshedException;
import java.util.Set;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Does with an image what was wished for the end of an attachment, and lets go of it. */
@Component
class Disposal {

    private final Images images;
    private final FamilyVersions versions;
    private final Lineages lineages;
    private final Catalog catalog;
    private final Trash trash;
    private final Deregistration deregistration;
    private final Attachments attachments;
    private final AttachmentListing listing;
    private final Transactions transactions;
    private final Leases leases;

    Disposal(
            Images images,
            FamilyVersions versions,
            Lineages lineages,
            Catalog catalog,
            Trash trash,
            Deregistration deregistration,
            Attachments attachments,
            AttachmentListing listing,
            Transactions transactions,
            Leases leases) {
        this.images = images;
        this.versions = versions;
        this.lineages = lineages;
        this.catalog = catalog;
        this.trash = trash;
        this.deregistration = deregistration;
        this.attachments = attachments;
        this.listing = listing;
        this.transactions = transactions;
        this.leases = leases;
    }

    /**
     * Disposes of the image of an attachment that has ended, or leaves it.
     *
     * @throws CowshedException if that cannot be done now: then the attachment goes on holding the image
     */
    void after(Attachment ended) {
        UUID image = ended.image();
        Decision decision = transactions.write(() -> decide(ended));
        Set<Long> version = Set.of(decision.version());
        switch (decision.outcome()) {
            case KEPT, LEAVING -> {}
            case TRASHED ->
                deregistration.whileIdle(
                        image, () -> row(ended, Outcome.TRASHED, () -> trash.put(ImageRef.of(image), version)));
            case DELETED ->
                deregistration.purge(
                        image, () -> row(ended, Outcome.DELETED, () -> catalog.remove(ImageRef.of(image), version)));
        }
    }

    /**
     * What is to become of an image.
     *
     * @param version of the image that it was decided for: whoever keeps or changes the image before it goes wins
     */
    private record Decision(Outcome outcome, long version) {}

    /** What is to become of the image. What takes no file is done here. */
    private Decision decide(Attachment ended) {
        Image image = images.lock(ImageRef.of(ended.image()));
        return new Decision(decide(ended, image), image.version());
    }

    private Outcome decide(Attachment ended, Image image) {
        if (!isToGo(ended, image)) {
            attachments.settle(ended.id(), Outcome.KEPT);
            return Outcome.KEPT;
        }
        Lease lease = image.lease();
        if (lease != null && lease.copy() != null) {
            // Its expiry sees to the copy, then to the image.
            if (attachments.settle(ended.id(), Outcome.LEAVING)) {
                leases.expire(image, ended.onDetach() == OnDetach.TRASH ? OnExpire.TRASH : OnExpire.DELETE);
            }
            return Outcome.LEAVING;
        }
        if (lineages.childrenCount(image.id()) > 0) {
            if (attachments.settle(ended.id(), Outcome.LEAVING)) {
                trash.putWhenChildless(ImageRef.of(image.id()), null);
            }
            return Outcome.LEAVING;
        }
        return ended.onDetach() == OnDetach.TRASH ? Outcome.TRASHED : Outcome.DELETED;
    }

    private boolean isToGo(Attachment ended, Image image) {
        return ended.onDetach() != OnDetach.KEEP
                && image.lifetime() == Lifetime.DISPOSABLE
                && !image.isProtected()
                && versions.of(image.id()).isEmpty()
                && image.state() != ImageState.TRASHED
                && listing.others(ended) == 0;
    }

    /** The attachment lets go of the image in the transaction that removes it. */
    private void row(Attachment ended, Outcome outcome, Runnable removal) {
        transactions.write(() -> {
            images.lock(ImageRef.of(ended.image()));
            if (!attachments.settle(ended.id(), outcome)) {
                throw new AttachmentSettled(ended);
            }
            removal.run();
            return outcome;
        });
    }
}
