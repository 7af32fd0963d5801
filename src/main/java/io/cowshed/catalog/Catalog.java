package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import jakarta.persistence.EntityManager;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
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
    private final GuardedFlush flush;
    private final EntityManager entities;
    private final ChainLimit limit;
    private final Clock clock;

    Catalog(
            Images images,
            Lineages lineages,
            GuardedFlush flush,
            EntityManager entities,
            ChainLimit limit,
            Clock clock) {
        this.images = images;
        this.lineages = lineages;
        this.flush = flush;
        this.entities = entities;
        this.limit = limit;
        this.clock = clock;
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
        return image;
    }

    /** Gives a reserved name back. Does nothing if the image is no longer creating. */
    public void abandon(UUID id) {
        if (!images.exists(id)) {
            return;
        }
        Image image = images.lock(ImageRef.of(id));
        if (image.state() == ImageState.CREATING) {
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
        return add(Image.base(wanted, layout, createdBy, clock.instant()));
    }

    /**
     * That clones of such a size can be made of an image now: for a caller who is about to make their files.
     * {@link #addClones} decides, on their names and their depth too.
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
     * @return them, in the order wanted
     * @throws ImageNotFound if there is no such parent
     * @throws NameTaken if an image has one of the names, or two of the clones have the same
     * @throws DepthLimit if they would lie too deep
     * @throws CowshedException of type IMAGE_NOT_SEALED or IMAGE_NOT_AVAILABLE if the parent cannot have children; of
     *     type INVALID_REQUEST if the disk of one is smaller than the parent's
     */
    public List<ImageEntry> addClones(ImageRef parentRef, List<NewClone> wanted, String createdBy) {
        Image parent = images.lock(parentRef);
        List<Image> clones = new ArrayList<>(wanted.size());
        for (NewClone clone : wanted) {
            clones.add(parent.cloned(clone, createdBy, clock.instant()));
        }
        int depth = requireDepthBelow(parent);
        List<ImageName> names =
                wanted.stream().map(clone -> clone.image().name()).toList();
        requireFree(names);
        clones.forEach(entities::persist);
        flush.orRefuse(Map.of(
                Constraint.LIVE_NAME, () -> taken(names),
                Constraint.PARENT, () -> changedMeanwhile(parent)));
        lineages.countChildren(parent.id(), clones.size());
        ImageLink link = new ImageLink(parent.id(), parent.name(), parent.state());
        return clones.stream()
                .map(clone -> new ImageEntry(clone, link, depth, 0))
                .toList();
    }

    /**
     * Freezes the content of an image, whose file the caller has locked, read and made read-only. Does nothing to an
     * image that is sealed already.
     *
     * @param content the digest of what the guest reads, and the file it was read from
     * @param allocatedSize of that file, in bytes
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE in any other state
     */
    public Image seal(ImageRef ref, KnownDigest content, long allocatedSize) {
        Image image = images.lock(ref);
        image.seal(content, allocatedSize, clock.instant());
        entities.flush();
        return image;
    }

    /**
     * Thaws the content of an image. Does nothing to an image that is not sealed.
     *
     * @throws ImageHasChildren if it has any, in the trash or not
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE if it is in another state
     */
    public Image unseal(ImageRef ref) {
        Image image = images.lock(ref);
        requireChildless(image, "unsealed");
        image.unseal(clock.instant());
        flush.orRefuse(Map.of(Constraint.PARENT, () -> hasChildren(image, "unsealed")));
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
        requireVersion(image, expectedVersions);
        ImageName name = change.name();
        boolean renamed = name != null && !name.value().equals(image.name());
        if (renamed) {
            requireFree(List.of(name));
        }
        image.change(change, clock.instant());
        flush.orRefuse(renamed ? Map.of(Constraint.LIVE_NAME, () -> taken(List.of(name))) : Map.of());
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
        requireVersion(image, expectedVersions);
        image.requireRemovable();
        requireChildless(image, "removed");
        return image;
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
        requireChildless(image, "unsealed");
        return image;
    }

    /**
     * Removes an image for good; its file is still there.
     *
     * @param expectedVersions one of which the caller has read, or null to remove whatever there is
     * @return what it was
     * @throws ImageChanged if it has another version
     * @throws ImageHasChildren if it has any, in the trash or not
     * @throws CowshedException of type IMAGE_PROTECTED, or of type IMAGE_NOT_AVAILABLE while it is creating
     */
    public Image remove(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        Image image = images.lock(ref);
        requireVersion(image, expectedVersions);
        image.requireRemovable();
        requireChildless(image, "removed");
        uncount(image);
        entities.remove(image);
        flush.orRefuse(Map.of(Constraint.PARENT, () -> hasChildren(image, "removed")));
        return image;
    }

    private Image add(Image image) {
        List<ImageName> names = List.of(new ImageName(image.name()));
        requireFree(names);
        entities.persist(image);
        flush.orRefuse(Map.of(Constraint.LIVE_NAME, () -> taken(names)));
        return image;
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

    private static void requireVersion(Image image, @Nullable Set<Long> expected) {
        if (expected != null && !expected.contains(image.version())) {
            throw new ImageChanged(image);
        }
    }

    private void requireFree(List<ImageName> names) {
        Set<ImageName> seen = new HashSet<>();
        for (ImageName name : names) {
            if (!seen.add(name)) {
                throw Text.refuse(
                        "The name " + Text.quote(name.value()) + " is asked for twice.", "Use different names.");
            }
        }
        images.firstHolder(names).ifPresent(holder -> {
            throw new NameTaken(holder.name(), holder.id());
        });
    }

    private NameTaken taken(List<ImageName> names) {
        return images.firstHolder(names)
                .map(holder -> new NameTaken(holder.name(), holder.id()))
                .orElseGet(() -> new NameTaken(names.getFirst().value(), null));
    }

    private void requireChildless(Image image, String attempt) {
        if (lineages.hasChildren(image.id())) {
            throw hasChildren(image, attempt);
        }
    }

    private ImageHasChildren hasChildren(Image image, String attempt) {
        return new ImageHasChildren(
                image, attempt, lineages.someChildren(image.id()), lineages.childrenCount(image.id()));
    }

    /** Answers the depth of an image below this one. */
    private int requireDepthBelow(Image parent) {
        int depth = lineages.chain(parent.id()).size();
        if (depth > limit.maxDepth()) {
            throw new DepthLimit(parent, depth, limit.maxDepth());
        }
        return depth;
    }

    private static CowshedException changedMeanwhile(Image parent) {
        return new CowshedException(
                ProblemType.IMAGE_NOT_AVAILABLE,
                "Image " + Text.quote(parent.name()) + " was changed while it was being cloned.",
                "Read it again: GET /api/v1/images/" + parent.id() + ".");
    }
}
