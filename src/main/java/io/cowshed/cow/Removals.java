package io.cowshed.cow;

import io.cowshed.attachment.Detaching;
import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.Deregistration;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Lineages;
import io.cowshed.catalog.Trash;
import io.cowshed.operation.Claims;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.ImageInUse;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
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

    Removals(
            Catalog catalog,
            Images images,
            Lineages lineages,
            Trash trash,
            Claims claims,
            Detaching detaching,
            Deregistration deregistration) {
        this.catalog = catalog;
        this.images = images;
        this.lineages = lineages;
        this.trash = trash;
        this.claims = claims;
        this.detaching = detaching;
        this.deregistration = deregistration;
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
