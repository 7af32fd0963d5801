package io.cowshed.cow;

import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.Image;
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
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * Asks for what gives an image another parent or none, or its file less to hold, while its content stays. Each in the caller's
 * transaction, after {@link Submission#requireIdle}.
 */
@Component
@Transactional(propagation = Propagation.MANDATORY)
public class Reparents {

    private final Reworking reworking;
    private final Images images;
    private final Operations operations;
    private final ImageUse use;
    private final FamilyVersions versions;

    Reparents(Reworking reworking, Images images, Operations operations, ImageUse use, FamilyVersions versions) {
        this.reworking = reworking;
        this.images = images;
        this.operations = operations;
        this.use = use;
        this.versions = versions;
    }

    /** How an image comes to lie on another parent. */
    public enum Mode {
        /** The content stays: differences between the old parent and the new are copied in. */
        SAFE,
        /** Only the pointer changes; both parents must have the same content. */
        REPOINT;

        /** The word for it. */
        @JsonValue
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Drops the direct parent: the image becomes a clone of its grandparent, or a base where there is none.
     *
     * @throws CowshedException where a rule forbids it
     */
    public Operation redirect(ImageRef ref, @Nullable Set<Long> expectedVersions, String createdBy) {
        Image image = reworking.lock(ref, expectedVersions);
        image.requireAvailable("redirected");
        use.requireReplaceable(image, "redirected");
        UUID grandparent =
                images.find(ImageRef.of(image.requireParent("redirected"))).parentId();
        if (grandparent != null) {
            // The chain becomes shorter, whatever the limit of its depth.
            reworking.lockPresentParent(grandparent).requireClonable();
        }
        return submit(ReworkVerb.REDIRECT, image, Rework.onto(grandparent), createdBy);
    }

    /**
     * Drops the whole chain: the image becomes a base.
     *
     * @throws CowshedException where a rule forbids it
     */
    public Operation split(ImageRef ref, @Nullable Set<Long> expectedVersions, String createdBy) {
        Image image = reworking.lock(ref, expectedVersions);
        image.requireAvailable("split off");
        use.requireReplaceable(image, "split off");
        image.requireParent("split off");
        return submit(ReworkVerb.SPLIT, image, Rework.onto(null), createdBy);
    }

    /**
     * Gives the image another parent.
     *
     * @throws CowshedException where a rule forbids it
     */
    public Operation rebase(
            ImageRef ref, ImageRef onto, Mode mode, @Nullable Set<Long> expectedVersions, String createdBy) {
        Image image = reworking.lock(ref, expectedVersions);
        image.requireUnsealed("rebased");
        use.requireNone(image, "rebased");
        if (images.id(onto).equals(image.id())) {
            throw new CowshedException(
                    ProblemType.PARENT_IS_ITSELF,
                    "Image " + image.name() + " cannot lie on itself.",
                    "To free it of its parents, split it: POST /api/v1/images/" + image.id() + "/split.");
        }
        Image parent = reworking.lockParent(onto);
        versions.requireClonable(parent);
        requireFit(image, parent);
        Rework rework = switch (mode) {
            case SAFE -> Rework.onto(parent.id());
            case REPOINT -> {
                requireSameContent(image, parent);
                yield Rework.repointed(image, parent.id());
            }
        };
        return submit(ReworkVerb.REBASE, image, rework, createdBy);
    }

    /**
     * Gives back what an image's file holds without need.
     *
     * @throws CowshedException where a rule forbids it
     */
    public Operation sparsify(ImageRef ref, @Nullable Set<Long> expectedVersions, String createdBy) {
        Image image = reworking.lock(ref, expectedVersions);
        image.requireAvailable("sparsified");
        use.requireReplaceable(image, "sparsified");
        if (image.parentId() != null) {
            reworking.lockPresentParent(image.parentId());
        }
        return submit(ReworkVerb.SPARSIFY, image, Rework.sparsified(image), createdBy);
    }

    private void requireFit(Image image, Image parent) {
        if (parent.id().equals(image.parentId())) {
            throw new CowshedException(
                    ProblemType.PARENT_IS_THE_SAME,
                    "Image " + image.name() + " is a clone of " + parent.name() + " already.",
                    "To throw its own changes away, reset it: POST /api/v1/images/" + image.id() + "/reset.");
        }
        long needed = image.parentId() == null
                ? image.virtualSize()
                : Math.min(
                        image.virtualSize(),
                        images.find(ImageRef.of(image.parentId())).virtualSize());
        if (parent.virtualSize() < needed) {
            throw new CowshedException(
                    ProblemType.PARENT_IS_SHORTER,
                    "The disk of " + parent.name() + " has " + parent.virtualSize() + " bytes; " + image.name()
                            + " needs a parent of at least " + needed + ".",
                    "Choose a longer one, or split the image: POST /api/v1/images/" + image.id() + "/split.");
        }
    }

    private void requireSameContent(Image image, Image parent) {
        String now = image.parentId() == null
                ? null
                : images.find(ImageRef.of(image.parentId())).digest();
        if (!Objects.equals(now, parent.digest())) {
            throw new CowshedException(
                    ProblemType.PARENT_DIFFERS,
                    "The content of " + parent.name() + " is not that of the parent of " + image.name()
                            + ": to repoint would change what the guest reads.",
                    "Use mode \"safe\", which copies the differences.");
        }
    }

    private Operation submit(String verb, Image image, Rework rework, String createdBy) {
        List<Claim> claims = rework.parent() == null
                ? List.of(Claim.changes(image.id()))
                : List.of(Claim.changes(image.id()), Claim.staysParent(rework.parent()));
        return operations.submit(new NewOperation(verb, image.id(), image.name(), rework, claims, createdBy));
    }
}
