package io.cowshed.catalog;

import io.cowshed.event.EventType;
import io.cowshed.operation.Claims;
import io.cowshed.operation.ImageBusy;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import jakarta.persistence.EntityManager;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * Changes the catalogue. Each method is one transaction, or part of the caller's; it locks the rows its rules look at
 * before it looks, and what the schema refuses all the same is refused as the same problem.
 */
@Component
@Transactional
public class Catalog {

    private final Images images;
    private final Lineages lineages;
    private final Offspring offspring;
    private final Names names;
    private final GuardedFlush flush;
    private final EntityManager entities;
    private final Depths depths;
    private final Claims claims;
    private final ImageEvents events;
    private final Clock clock;
    private final ImageUse use;
    private final FamilyVersions versions;
    private final Leases leases;

    Catalog(
            Images images,
            Lineages lineages,
            Offspring offspring,
            Names names,
            GuardedFlush flush,
            EntityManager entities,
            Depths depths,
            Claims claims,
            ImageEvents events,
            Clock clock,
            ImageUse use,
            Leases leases,
            FamilyVersions versions) {
        this.images = images;
        this.lineages = lineages;
        this.offspring = offspring;
        this.names = names;
        this.flush = flush;
        this.entities = entities;
        this.depths = depths;
        this.claims = claims;
        this.events = events;
        this.clock = clock;
        this.use = use;
        this.versions = versions;
        this.leases = leases;
    }

    /**
     * Reserves the name of an image whose file is about to be made.
     *
     * @throws NameTaken if another image has it
     */
    public Image reserve(NewImage wanted, String createdBy) {
        return add(Image.creating(wanted, createdBy, clock.instant()));
    }

    /**
     * Makes a reserved image available; its file is in place.
     *
     * @param known the digest of its content, if it was computed on the way
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE if the image is not creating
     */
    public Image complete(UUID id, Layout layout, @Nullable KnownDigest known) {
        Image image = images.lock(ImageRef.of(id));
        image.complete(layout, known, clock.instant());
        entities.flush();
        events.raise(EventType.IMAGE_CREATED, image);
        return image;
    }

    /** Gives a reserved name back. Does nothing if the image is no longer creating, or an operation is to make its file. */
    public void abandon(UUID id) {
        if (!images.exists(id)) {
            return;
        }
        Image image = images.lock(ImageRef.of(id));
        if (image.state() == ImageState.CREATING && claims.changing(List.of(id)).isEmpty()) {
            entities.remove(image);
            entities.flush();
        }
    }

    /**
     * Adds an image with no parent, whose file is in place.
     *
     * @throws NameTaken if another image has its name
     */
    public Image addBase(NewImage wanted, Layout layout, String createdBy) {
        Image image = add(Image.base(wanted, layout, createdBy, clock.instant()));
        events.raise(EventType.IMAGE_CREATED, image);
        return image;
    }

    /**
     * That clones of such a size can be made of an image now: for a caller who is about to make their files.
     * {@link #addClones} decides, on their names, their depth and the family too.
     *
     * @param virtualSize null for the parent's
     * @return the parent
     * @throws CowshedException as {@link #addClones} does
     */
    @Transactional(readOnly = true)
    public Image checkClonable(ImageRef parentRef, @Nullable Long virtualSize) {
        Image parent = images.find(parentRef);
        parent.requireClonable();
        if (virtualSize != null) {
            parent.requireFits(virtualSize);
        }
        return parent;
    }

    /**
     * Adds clones of one parent, all or none; their files are in place.
     *
     * @param seen the parent as the caller has read it; what has become of it is what counts
     * @return them, in the order wanted
     * @throws ImageNotFound if there is no such parent
     * @throws NameTaken if an image has one of the names, or two of the clones have the same
     * @throws DepthLimit if they would lie too deep
     * @throws ImageBusy if an operation removes the parent
     * @throws VersionObsolete if the parent is an obsolete version
     * @throws CowshedException of type IMAGE_NOT_SEALED, IMAGE_NOT_AVAILABLE or IMAGE_LEAVES if the parent cannot have more
     *     children; of type INVALID_REQUEST if the disk of one is smaller than the parent's
     */
    public List<ImageEntry> addClones(Image seen, List<NewClone> wanted, String createdBy) {
        Image parent = lockAndCount(seen, wanted.size());
        claims.requireStaying(parent.id());
        FamilyVersion version = versions.requireClonable(parent);
        List<Image> clones = new ArrayList<>(wanted.size());
        for (NewClone clone : wanted) {
            clones.add(parent.cloned(clone, createdBy, clock.instant()));
        }
        int depth = depths.requireBelow(parent);
        List<ImageName> asked =
                wanted.stream().map(clone -> clone.image().name()).toList();
        Names.requireDistinct(asked);
        clones.forEach(entities::persist);
        flush.orRefuse(Map.of(
                Constraint.LIVE_NAME, () -> names.taken(asked),
                Constraint.PARENT, () -> changedMeanwhile(parent)));
        events.raise(EventType.IMAGE_CREATED, clones);
        ImageLink link = new ImageLink(parent.id(), parent.name(), parent.state());
        return clones.stream()
                .map(clone -> new ImageEntry(clone, link, depth, 0, null, null, null, version))
                .toList();
    }

    /**
     * Freezes the content of an image, whose file the caller has locked, read and made read-only. Does nothing to an
     * image that is sealed already.
     *
     * @param content the digest of what the guest reads, and the file it was read from
     * @param allocatedSize of that file, in bytes
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE in any other state; of type IMAGE_ATTACHED if somebody has it
     */
    public Image seal(ImageRef ref, KnownDigest content, long allocatedSize) {
        Image image = images.lock(ref);
        claims.requireNone(image.id());
        use.requireNone(image, "sealed");
        if (image.seal(content, allocatedSize, clock.instant())) {
            entities.flush();
            events.raise(EventType.IMAGE_SEALED, image);
        }
        return image;
    }

    /**
     * Thaws the content of an image. Does nothing to an image that is not sealed.
     *
     * @throws ImageHasChildren if it has any, in the trash or not
     * @throws ImagePublished if it is a version of a family
     * @throws ImageBusy if an operation needs it
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE if it is in another state; of type IMAGE_ATTACHED if somebody has it
     */
    public Image unseal(ImageRef ref) {
        Image image = images.lock(ref);
        offspring.requireUnpublished(image, "unsealed");
        offspring.requireNone(image, "unsealed");
        claims.requireNone(image.id());
        use.requireNone(image, "unsealed");
        if (image.unseal(clock.instant())) {
            flush.orRefuse(offspring.refusals(image, "unsealed"));
            events.raise(EventType.IMAGE_UNSEALED, image);
        }
        return image;
    }

    /**
     * Changes what may change about any image.
     *
     * @param expectedVersions one of which the caller has read, or null to change whatever there is
     * @throws ImageChanged if it has another version
     * @throws NameTaken if another image has the new name
     * @throws CowshedException of type INVALID_REQUEST if a new value cannot be
     */
    public Image change(ImageRef ref, @Nullable Set<Long> expectedVersions, ImageChange change) {
        Image image = images.lock(ref);
        ImageChanged.requireVersion(image, expectedVersions);
        ImageName name = change.name();
        String before = image.name();
        boolean renamed = name != null && !name.value().equals(before);
        if (renamed) {
            names.requireFree(List.of(name));
        }
        image.change(change, clock.instant());
        if (change.isAboutLease()) {
            image.lease(leases.changed(image.requireDisposable(), change));
        }
        if (renamed || change.copy() != null) {
            LeaseTerms.requireOtherName(image.name(), image.lease());
        }
        flush.orRefuse(renamed ? Map.of(Constraint.LIVE_NAME, () -> names.taken(List.of(name))) : Map.of());
        if (renamed) {
            events.renamed(image, before);
        }
        if (change.isMoreThanAName()) {
            events.raise(EventType.IMAGE_CHANGED, image);
        }
        return image;
    }

    /**
     * That an image can be removed now: for a caller who is about to touch its file. {@link #remove} decides.
     *
     * @return the image
     * @throws CowshedException as {@link #remove} does
     */
    @Transactional(readOnly = true)
    public Image checkRemoval(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        Image image = images.find(ref);
        ImageChanged.requireVersion(image, expectedVersions);
        image.requireRemovable();
        offspring.requireUnpublished(image, "removed");
        offspring.requireNone(image, "removed");
        return image;
    }

    /**
     * That an image has no children.
     *
     * @throws ImageHasChildren if it has any, in the trash or not
     */
    @Transactional(readOnly = true)
    public void checkChildless(Image image) {
        offspring.requireNone(image, "removed");
    }

    /**
     * That all children of an image are in the trash.
     *
     * @throws ImageHasChildren if one is not
     */
    @Transactional(readOnly = true)
    public void checkChildrenTrashed(Image image) {
        if (lineages.untrashedChildrenCount(image.id()) > 0) {
            throw offspring.some(image, "removed");
        }
    }

    /**
     * That an image can be unsealed now: for a caller who is about to touch its file. {@link #unseal} decides.
     *
     * @return the image
     * @throws CowshedException as {@link #unseal} does
     */
    @Transactional(readOnly = true)
    public Image checkUnsealing(ImageRef ref) {
        Image image = images.find(ref);
        image.requireState(ImageState.AVAILABLE, "unsealed");
        offspring.requireUnpublished(image, "unsealed");
        offspring.requireNone(image, "unsealed");
        return image;
    }

    /**
     * Removes an image for good, which may be in the trash; its file is still there.
     *
     * @param expectedVersions one of which the caller has read, or null to remove whatever there is
     * @return what it was
     * @throws ImageChanged if it has another version
     * @throws ImageHasChildren if it has any, in the trash or not
     * @throws ImagePublished if it is a version of a family
     * @throws ImageBusy if an operation needs it
     * @throws CowshedException of type IMAGE_PROTECTED or IMAGE_ATTACHED, or of type IMAGE_NOT_AVAILABLE while it is creating
     */
    public Image remove(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        Image image = images.lock(ref);
        ImageChanged.requireVersion(image, expectedVersions);
        image.requireRemovable();
        offspring.requireUnpublished(image, "removed");
        offspring.requireNone(image, "removed");
        claims.requireNone(image.id());
        use.requireNone(image, "removed");
        uncount(image);
        events.raise(EventType.IMAGE_REMOVED, image);
        entities.remove(image);
        flush.orRefuse(offspring.refusals(image, "removed"));
        offspring.left(image.parentId());
        return image;
    }

    private Image add(Image image) {
        List<ImageName> asked = List.of(new ImageName(image.name()));
        names.requireFree(asked);
        entities.persist(image);
        flush.orRefuse(Map.of(Constraint.LIVE_NAME, () -> names.taken(asked)));
        return image;
    }

    /** The parent's row is locked by counting its new clones: when it still is what was seen, it need not be read again. */
    private Image lockAndCount(Image seen, int clones) {
        if (lineages.countChildren(seen, clones)) {
            return seen;
        }
        Image parent = images.lock(ImageRef.of(seen.id()));
        lineages.countChildren(parent.id(), clones);
        return parent;
    }

    /**
     * Locks the parent's row, after the image's own. No deadlock can come of it: nobody who holds the lock of an image
     * waits for that of a clone of it. It is done before the image's row is deleted, since whoever clones the parent at
     * that time would wait to see whether the name becomes free.
     */
    private void uncount(Image image) {
        if (image.parentId() != null) {
            lineages.countChildren(image.parentId(), -1);
        }
    }

    private static CowshedException changedMeanwhile(Image parent) {
        return new CowshedException(
                ProblemType.IMAGE_NOT_AVAILABLE,
                "Image " + Text.quote(parent.name()) + " was changed while it was being cloned.",
                "Read it again: GET /api/v1/images/" + parent.id() + ".");
    }
}
