package io.cowshed.cow;

import io.cowshed.attachment.Detaching;
import io.cowshed.catalog.BulkRemoval;
import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.Deregistration;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageHasChildren;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Lineages;
import io.cowshed.catalog.Trash;
import io.cowshed.operation.Claims;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.ImageInUse;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Removes images: to the trash, and for good. */
@Component
public class Removals {

    private static final EnumSet<ProblemType> NOT_NOW = EnumSet.of(
            ProblemType.IMAGE_BUSY,
            ProblemType.IMAGE_IN_USE,
            ProblemType.IMAGE_ATTACHED,
            ProblemType.IMAGE_HAS_CHILDREN,
            ProblemType.IMAGE_PROTECTED,
            ProblemType.PRECONDITION_FAILED,
            ProblemType.NOT_FOUND);

    private final Catalog catalog;
    private final Images images;
    private final Lineages lineages;
    private final Trash trash;
    private final Claims claims;
    private final Detaching detaching;
    private final Deregistration deregistration;
    private final BulkRemoval bulk;

    Removals(
            Catalog catalog,
            Images images,
            Lineages lineages,
            Trash trash,
            Claims claims,
            Detaching detaching,
            Deregistration deregistration,
            BulkRemoval bulk) {
        this.catalog = catalog;
        this.images = images;
        this.lineages = lineages;
        this.trash = trash;
        this.claims = claims;
        this.detaching = detaching;
        this.deregistration = deregistration;
        this.bulk = bulk;
    }

    /**
     * Moves an image to the trash, where it keeps its file. Does nothing to one that is there.
     *
     * @param expectedVersions one of which the caller has read, or null to remove whatever there is
     * @throws CowshedException where a rule forbids it, or the image is in use
     */
    public void trash(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        Image image = catalog.checkRemoval(ref, expectedVersions);
        if (image.state() != ImageState.TRASHED) {
            requireUnneeded(image);
            orBusy(
                    image.id(),
                    () -> deregistration.whileIdle(
                            image.id(), () -> trash.put(ImageRef.of(image.id()), expectedVersions)));
        }
    }

    /**
     * Removes an image and its file for good, in the trash or not.
     *
     * @param expectedVersions as for {@link #trash}
     * @throws CowshedException as there
     */
    public void purge(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        Image image = catalog.checkRemoval(ref, expectedVersions);
        UUID id = image.id();
        requireUnneeded(image);
        orBusy(id, () -> deregistration.purge(id, () -> catalog.remove(ImageRef.of(id), expectedVersions)));
    }

    /**
     * Moves images to the trash together: as {@link #trash} does it with one, those that nothing keeps. The others stay as they
     * are; why, that tells.
     *
     * @param seen the images as the caller has read them, a few dozens
     * @return those that are in the trash now
     */
    public Set<UUID> trash(Collection<Image> seen) {
        Map<UUID, Long> versions = versions(bulk.unneeded(seen));
        return deregistration.whileIdle(versions.keySet(), idle -> bulk.trash(only(versions, idle)));
    }

    /**
     * Removes images and their files for good together: as {@link #purge} does it with one, those that nothing keeps and that
     * have no seed disks. The others stay as they are; why, that tells.
     *
     * @param seen the images as the caller has read them, a few dozens: their parents cannot be cloned until all are gone
     * @return those that are gone
     */
    public Set<UUID> purge(Collection<Image> seen) {
        Map<Optional<UUID>, List<Image>> siblings = bulk.unneeded(seen).stream()
                .collect(Collectors.groupingBy(image -> Optional.ofNullable(image.parentId())));
        Set<UUID> gone = new HashSet<>();
        siblings.forEach((parent, images) -> {
            Map<UUID, Long> versions = versions(images);
            gone.addAll(deregistration.purge(
                    versions.keySet(), held -> bulk.remove(parent.orElse(null), only(versions, held))));
        });
        return gone;
    }

    /**
     * That nothing but its children keeps an image from being removed, as things are now: for a caller who has something else to do
     * before he removes it.
     *
     * @param expectedVersions as for {@link #trash}
     * @throws CowshedException as there
     */
    public void requireUnkept(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        try {
            requireUnneeded(catalog.checkRemoval(ref, expectedVersions));
        } catch (ImageHasChildren _) {
            // It is sealed, and stays as it is until they have left it.
            return;
        }
    }

    private static Map<UUID, Long> versions(Collection<Image> images) {
        return images.stream().collect(Collectors.toMap(Image::id, Image::version));
    }

    private static Map<UUID, Long> only(Map<UUID, Long> versions, Set<UUID> ids) {
        Map<UUID, Long> some = new HashMap<>(versions);
        some.keySet().retainAll(ids);
        return some;
    }

    /** Before the file is touched, which an operation may be about to take. The transaction that follows asks again. */
    private void requireUnneeded(Image image) {
        claims.requireNoneForNow(image.id());
        detaching.requireNone(image, "removed");
    }

    /** Where the file is in use by an operation, it is the operation that the caller is told of. */
    private void orBusy(UUID id, Runnable removal) {
        try {
            removal.run();
        } catch (ImageInUse e) {
            claims.requireNoneForNow(id);
            throw e;
        }
    }

    /** Whether what refuses a removal may pass by itself, or means that somebody else was faster: worth another try later. */
    public static boolean isForNow(CowshedException refusal) {
        return NOT_NOW.contains(refusal.type());
    }

    /** Whether clones of the image are there, in the trash or not; what follows asks again. */
    public boolean hasChildren(ImageRef ref) {
        return lineages.childrenCount(images.find(ref).id()) > 0;
    }
}
