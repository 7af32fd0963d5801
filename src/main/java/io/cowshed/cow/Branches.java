package io.cowshed.cow;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.NewImage;
import io.cowshed.catalog.Publishing;
import io.cowshed.catalog.Reworking;
import io.cowshed.catalog.VersionName;
import io.cowshed.catalog.web.NewImageFields;
import io.cowshed.catalog.web.NewImages;
import io.cowshed.operation.Claim;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operation;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * Asks for what leaves an image empty: its own changes go to a new parent, or are thrown away. Each in the caller's
 * transaction, after {@link Submission#requireIdle}.
 */
@Component
@Transactional(propagation = Propagation.MANDATORY)
public class Branches {

    private final Catalog catalog;
    private final Reworking reworking;
    private final Images images;
    private final Operations operations;
    private final NewImages newImages;
    private final ImageUse use;
    private final FamilyVersions versions;
    private final Publishing publishing;

    Branches(
            Catalog catalog,
            Reworking reworking,
            Images images,
            Operations operations,
            NewImages newImages,
            ImageUse use,
            FamilyVersions versions,
            Publishing publishing) {
        this.catalog = catalog;
        this.reworking = reworking;
        this.images = images;
        this.operations = operations;
        this.newImages = newImages;
        this.use = use;
        this.versions = versions;
        this.publishing = publishing;
    }

    /**
     * Makes the present content of an image a sealed parent, on which the image goes on, empty.
     *
     * @throws CowshedException where a rule forbids it
     */
    public Operation snapshot(
            ImageRef ref,
            ImageName name,
            NewImageFields fields,
            @Nullable Set<Long> expectedVersions,
            String createdBy) {
        Image image = reworking.lock(ref, expectedVersions);
        image.requireUnsealed("snapshotted");
        use.requireNone(image, "snapshotted");
        reworking.requireRoomBelow(image);
        NewParent parent = new NewParent(reserve(name, fields, createdBy), image.parentId(), false);
        return submit(
                SnapshotVerb.KIND,
                image,
                parent,
                List.of(Claim.changes(image.id()), Claim.changes(parent.image())),
                createdBy);
    }

    /**
     * Merges the changes of a clone with its parent into a sealed image beside the parent, on which the clone goes on, empty.
     *
     * @param name for the new image; null for that of the version, after the family and a hyphen
     * @param version that the new image is to be, of the family of the old parent; null for none
     * @param retire whether the old parent is to be removed with the last of its children then, or, with a version, deprecated in
     *     favour of the new one
     * @throws CowshedException where a rule forbids it
     */
    public Operation commit(
            ImageRef ref,
            @Nullable ImageName name,
            @Nullable VersionName version,
            NewImageFields fields,
            boolean retire,
            @Nullable Set<Long> expectedVersions,
            String createdBy) {
        ImageRef.ByVersion as = version == null ? null : besideParent(ref, version);
        if (as != null) {
            publishing.lock(as.family());
        }
        Image image = reworking.lock(ref, expectedVersions);
        image.requireUnsealed("committed");
        use.requireNone(image, "committed");
        Image old = images.find(ImageRef.of(image.requireParent("committed")));
        if (retire && as == null) {
            old.requireRemovable();
            versions.requireNone(old, "removed");
        }
        if (as != null && !besideParent(ImageRef.of(image.id()), as.version()).equals(as)) {
            throw new CowshedException(
                    ProblemType.IMAGE_NOT_AVAILABLE,
                    "Image \"" + image.name() + "\" came to lie on another family meanwhile.",
                    "Try again.");
        }
        UUID below = old.parentId();
        List<Claim> claims = new ArrayList<>();
        if (below != null) {
            reworking.lockParent(ImageRef.of(below));
            claims.add(Claim.staysParent(below));
        }
        NewParent parent = new NewParent(reserve(named(name, as), fields, createdBy), below, retire);
        if (as != null) {
            publishing.reserve(as, parent.image(), createdBy);
        }
        claims.add(Claim.changes(image.id()));
        claims.add(Claim.changes(parent.image()));
        return submit(CommitVerb.KIND, image, parent, claims, createdBy);
    }

    /**
     * Throws the own changes of a clone away.
     *
     * @throws CowshedException where a rule forbids it
     */
    public Operation reset(ImageRef ref, @Nullable Set<Long> expectedVersions, String createdBy) {
        Image image = reworking.lock(ref, expectedVersions);
        image.requireUnsealed("reset");
        use.requireNone(image, "reset");
        image.requireParent("reset");
        return submit(ResetVerb.KIND, image, Map.of(), List.of(Claim.changes(image.id())), createdBy);
    }

    private ImageRef.ByVersion besideParent(ImageRef ref, VersionName version) {
        return versions.ofParent(images.id(ref))
                .map(parent -> new ImageRef.ByVersion(new FamilyName(parent.family()), version))
                .orElseThrow(() -> new CowshedException(
                        ProblemType.INVALID_REQUEST,
                        "The parent of image \"" + ref
                                + "\" is no version of a family, so nothing can follow it as one.",
                        "Give a name instead of a version, or publish the parent first: POST"
                                + " /api/v1/families/…/versions."));
    }

    private static ImageName named(@Nullable ImageName name, ImageRef.@Nullable ByVersion as) {
        if (name != null) {
            return name;
        }
        if (as == null) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "The request does not say what the new image is to be called.",
                    "Give a name, or a version.");
        }
        return new ImageName(as.family() + "-" + as.version());
    }

    private UUID reserve(ImageName name, NewImageFields fields, String createdBy) {
        NewImage wanted = newImages.named(name, fields);
        return catalog.reserve(wanted, createdBy).id();
    }

    private Operation submit(String verb, Image image, Object request, List<Claim> claims, String createdBy) {
        return operations.submit(new NewOperation(verb, image.id(), image.name(), request, claims, createdBy));
    }
}
