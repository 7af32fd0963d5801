package io.cowshed.cow;

import io.cowshed.attachment.Detaching;
import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Lineages;
import io.cowshed.catalog.Reworking;
import io.cowshed.database.Transactions;
import io.cowshed.operation.Claim;
import io.cowshed.operation.Claims;
import io.cowshed.operation.ImageBusy;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operation;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.ImageInUse;
import io.cowshed.volume.Volume;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Asks for the removal of an image together with what its children need of it: one operation, whatever their number. */
@Component
public class Splices {

    private final Catalog catalog;
    private final Reworking reworking;
    private final Images images;
    private final ImageFiles files;
    private final Lineages lineages;
    private final Claims claims;
    private final Operations operations;
    private final Transactions transactions;
    private final Volume volume;
    private final ImageUse use;
    private final FamilyVersions versions;
    private final Detaching detaching;

    Splices(
            Catalog catalog,
            Reworking reworking,
            Images images,
            ImageFiles files,
            Lineages lineages,
            Claims claims,
            Operations operations,
            Transactions transactions,
            Volume volume,
            ImageUse use,
            FamilyVersions versions,
            Detaching detaching) {
        this.catalog = catalog;
        this.reworking = reworking;
        this.images = images;
        this.files = files;
        this.lineages = lineages;
        this.claims = claims;
        this.operations = operations;
        this.transactions = transactions;
        this.volume = volume;
        this.use = use;
        this.versions = versions;
        this.detaching = detaching;
    }

    /**
     * That nobody has open what is to be rewritten or purged. In no transaction.
     *
     * @return the image's id
     * @throws ChildrenInUse if a guest runs on a child
     * @throws ImageInUse if somebody has the image open, which is to be purged
     * @throws ImageBusy if an operation needs one of them
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE if the catalogue does not vouch for a child's file
     */
    public UUID requireIdle(ImageRef ref, Splice.Children children, boolean purge) {
        Image image = images.find(ref);
        detaching.requireNone(image, "removed");
        if (purge || !image.isSealed()) {
            requireIdle(image);
        }
        lineages.children(image.id()).forEach(detaching::settle);
        requireChildrenIdle(image, children, Integer.MAX_VALUE);
        return image.id();
    }

    /**
     * The part of {@link #requireIdle} that is about the children.
     *
     * @param most how many of them to ask about, the oldest first
     */
    void requireChildrenIdle(Image image, Splice.Children children, int most) {
        List<Image> inUse = new ArrayList<>();
        for (UUID id : lineages.children(image.id()).stream().limit(most).toList()) {
            Image child = images.find(ImageRef.of(id));
            requireChangeable(child, children);
            if (isInUse(child, children)) {
                claims.requireNoneForNow(id);
                inUse.add(child);
            }
        }
        if (!inUse.isEmpty()) {
            throw new ChildrenInUse(image, inUse);
        }
    }

    private boolean isInUse(Image child, Splice.Children children) {
        boolean mayBe = children == Splice.Children.PURGE_TRASHED
                ? volume.status(child.id()).isPresent()
                : !child.isSealed();
        return mayBe && files.use(child.id(), volume::isInUse);
    }

    /** What is to go on living may be in the trash; but the catalogue must vouch for its file, or it could not record the new one. */
    private void requireChangeable(Image child, Splice.Children children) {
        use.requireReplaceable(child, "changed");
        if (children != Splice.Children.PURGE_TRASHED && child.state() != ImageState.TRASHED) {
            child.requireAvailable("changed");
        }
    }

    /** The part of it that is about the image itself, or of what is asked of any image that is to be removed. */
    void requireIdle(Image image) {
        if (volume.status(image.id()).isPresent()) {
            files.requireIdle(image.id());
        }
    }

    /**
     * Asks for the removal, after {@link #requireIdle}.
     *
     * @throws ImageBusy if an operation needs one of the images
     * @throws CowshedException where a rule forbids it
     */
    public Operation submit(
            UUID id, Splice.Children children, boolean purge, @Nullable Set<Long> expectedVersions, String createdBy) {
        return transactions.write(() -> {
            Set<UUID> locked = new HashSet<>(reworking.lockChildren(id));
            Image image = reworking.lock(ImageRef.of(id), expectedVersions);
            image.requireRemovable();
            versions.requireNone(image, "removed");
            if (!purge) {
                image.requireAvailable("removed");
            }
            use.requireNone(image, "removed");
            List<UUID> present = lineages.children(id);
            if (!locked.containsAll(present)) {
                throw new CowshedException(
                        ProblemType.IMAGE_NOT_AVAILABLE,
                        "Image \"" + image.name() + "\" was cloned while its removal was being asked for.",
                        "Try again.");
            }
            List<Claim> needed = new ArrayList<>(List.of(Claim.removes(id)));
            for (UUID child : present) {
                requireChangeable(images.find(ImageRef.of(child)), children);
                needed.add(Claim.changes(child));
            }
            UUID onto = children == Splice.Children.REDIRECT ? image.parentId() : null;
            if (onto != null) {
                reworking.lockPresentParent(onto).requireClonable();
                needed.add(Claim.staysParent(onto));
            }
            if (children == Splice.Children.PURGE_TRASHED) {
                catalog.checkChildrenTrashed(image);
            }
            return operations.submit(new NewOperation(
                    Splicing.KIND,
                    id,
                    image.name(),
                    new Splice(children, onto, present.size(), purge),
                    needed,
                    createdBy));
        });
    }
}
