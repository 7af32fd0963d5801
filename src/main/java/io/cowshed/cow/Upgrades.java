package io.cowshed.cow;

import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.FamilyVersion;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageChanged;
import io.cowshed.catalog.ImageNotFound;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Reworking;
import io.cowshed.operation.Claim;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operation;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.Volume;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * Puts disposable clones of versions on another version of the same family. What they hold of their own is lost: it was written
 * over the content of the old version, and says nothing over that of another.
 */
@Component
public class Upgrades {

    private final Images images;
    private final FamilyVersions versions;
    private final Reworking reworking;
    private final Operations operations;
    private final ImageUse use;
    private final Volume volume;

    Upgrades(
            Images images,
            FamilyVersions versions,
            Reworking reworking,
            Operations operations,
            ImageUse use,
            Volume volume) {
        this.images = images;
        this.versions = versions;
        this.reworking = reworking;
        this.operations = operations;
        this.use = use;
        this.volume = volume;
    }

    /**
     * Which clone is to go from which version to which.
     *
     * @param to of the same family as from, and maybe the same
     */
    public record Goal(Image image, FamilyVersion from, FamilyVersion to) {

        /** Whether the clone lies there already. */
        public boolean isReached() {
            return from.image().equals(to.image());
        }
    }

    /**
     * Where an upgrade would lead, as things are now.
     *
     * @param to a version of the family of the clone's parent; null for the latest
     * @throws CowshedException of type NOT_FOUND if there is no such image or version; of type IMAGE_HAS_NO_PARENT, or
     *     INVALID_REQUEST, if the image is no direct clone of a version, or the other version is of another family
     */
    public Goal goal(ImageRef ref, @Nullable ImageRef to) {
        Image image = images.find(ref);
        FamilyVersion from = from(image);
        ImageRef target = target(from, to);
        FamilyVersion next = versions.of(images.id(target)).orElseThrow(() -> new ImageNotFound(target));
        return new Goal(image, from, next);
    }

    /**
     * That an upgrade, for which a goal was found, is meant as it would be done.
     *
     * @param discardChanges whether the caller says that what the clone holds of its own may be lost
     * @throws CowshedException of type PRECONDITION_FAILED if the image has another version; of type IMAGE_PERSISTENT if it is
     *     not disposable; of type INVALID_REQUEST if something would be lost of which the caller says nothing
     */
    public void requireMeant(Goal goal, boolean discardChanges, @Nullable Set<Long> expectedVersions) {
        Image image = goal.image();
        ImageChanged.requireVersion(image, expectedVersions);
        requireDisposable(image);
        if (!discardChanges && !goal.isReached()) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "Upgrading image \"" + image.name() + "\" to " + goal.to().name()
                            + " would throw away what it holds of its own: a file of "
                            + volume.sizes().allocated(image.id()).orElse(image.allocatedSize()) + " bytes.",
                    "Say {\"discardChanges\": true}. To keep the changes, rebase it: POST /api/v1/images/" + image.id()
                            + "/rebase with {\"onto\": \"" + goal.to().name() + "\"}.");
        }
    }

    /**
     * Asks for an upgrade, in the caller's transaction, after {@link Submission#requireIdle}.
     *
     * @param to as for {@link #goal}
     * @throws CowshedException where a rule forbids it
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public Operation submit(
            ImageRef ref, @Nullable ImageRef to, @Nullable Set<Long> expectedVersions, String createdBy) {
        Image image = reworking.lock(ref, expectedVersions);
        requireUpgradable(image);
        use.requireNone(image, "upgraded");
        FamilyVersion from = from(image);
        ImageRef target = target(from, to);
        UUID onto = reworking.lockParent(target).id();
        FamilyVersion next = Objects.requireNonNull(versions.requireClonable(images.find(ImageRef.of(onto))));
        if (onto.equals(from.image())) {
            throw new CowshedException(
                    ProblemType.PARENT_IS_THE_SAME,
                    "Image \"" + image.name() + "\" came to lie on " + next.name() + " meanwhile.",
                    "See what it lies on: GET /api/v1/images/" + image.id() + ".");
        }
        // The old version is kept by the row until that names the new one.
        return operations.submit(new NewOperation(
                UpgradeVerb.KIND,
                image.id(),
                image.name(),
                new UpgradeVerb.Request(onto, from.name(), next.name()),
                List.of(Claim.changes(image.id()), Claim.staysParent(onto)),
                createdBy));
    }

    /** What its own row says against an upgrade. */
    static void requireUpgradable(Image image) {
        image.requireUnsealed("upgraded");
        requireDisposable(image);
        image.requireRemovable();
    }

    /** That nobody wants to keep what it holds. */
    static void requireDisposable(Image image) {
        if (image.lease() == null) {
            throw new CowshedException(
                    ProblemType.IMAGE_PERSISTENT,
                    "Image \"" + image.name() + "\" is persistent: an upgrade would throw away what is to be kept."
                            + " With dryRun=true it is only told what would differ.",
                    "Rebase it safely, which keeps its changes: POST /api/v1/images/" + image.id()
                            + "/rebase. Or keep a new clone of the version.");
        }
    }

    private FamilyVersion from(Image image) {
        UUID parent = image.requireParent("upgraded");
        return versions.of(parent)
                .orElseThrow(() -> new CowshedException(
                        ProblemType.INVALID_REQUEST,
                        "Image \"" + image.name() + "\" is no direct clone of a version of a family, so there is no"
                                + " newer one for it.",
                        "Give it another parent: POST /api/v1/images/" + image.id()
                                + "/rebase. Or publish its parent first: POST /api/v1/families/…/versions."));
    }

    private static ImageRef target(FamilyVersion from, @Nullable ImageRef to) {
        FamilyName family = new FamilyName(from.family());
        return switch (to) {
            case null -> new ImageRef.ByLatest(family);
            case ImageRef.ByLatest latest when latest.family().equals(family) -> latest;
            case ImageRef.ByVersion version when version.family().equals(family) -> version;
            case ImageRef other ->
                throw new CowshedException(
                        ProblemType.INVALID_REQUEST,
                        "\"" + other + "\" is no version of family \"" + family + "\", to which the image belongs.",
                        "Name a version as " + family + ":… (GET /api/v1/families/" + family
                                + "/versions), or leave it out for the latest.");
        };
    }
}
