package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What an image permits as it is now, told from nothing but what it shows of itself; a refusal says what to do instead. */
abstract class ImageRules {

    public abstract UUID id();

    public abstract String name();

    public abstract ImageState state();

    public abstract boolean isSealed();

    public abstract boolean isProtected();

    public abstract Lifetime lifetime();

    public abstract @Nullable Lease lease();

    public abstract @Nullable UUID parentId();

    public abstract long virtualSize();

    public abstract boolean isRemovedWhenChildless();

    public abstract @Nullable String fault();

    /**
     * That clones of this image may be made.
     *
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE, IMAGE_NOT_SEALED or IMAGE_LEAVES
     */
    public void requireClonable() {
        requireState(ImageState.AVAILABLE, "cloned");
        requireSealed();
        if (isRemovedWhenChildless()) {
            throw new CowshedException(
                    ProblemType.IMAGE_LEAVES,
                    "Image " + Text.quote(name())
                            + " is to be removed with the last of its children, and gets no new ones.",
                    "Clone another image, or keep this one: POST /api/v1/images/" + id() + "/restore.");
        }
    }

    void requireSealed() {
        if (!isSealed()) {
            throw new CowshedException(
                    ProblemType.IMAGE_NOT_SEALED,
                    "Image " + Text.quote(name()) + " is not sealed: its content may still change under a clone.",
                    "Seal it first: POST /api/v1/images/" + id()
                            + "/seal. Or, if it is to go on changing, clone a snapshot of it:" + " POST /api/v1/images/"
                            + id() + "/snapshot.");
        }
    }

    /**
     * That the content of this image may change.
     *
     * @param attempt what is refused otherwise, as in "cannot be <i>resized</i>"
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE or IMAGE_SEALED
     */
    public void requireUnsealed(String attempt) {
        requireState(ImageState.AVAILABLE, attempt);
        if (isSealed()) {
            throw new CowshedException(
                    ProblemType.IMAGE_SEALED,
                    "Image " + Text.quote(name()) + " cannot be " + attempt
                            + ": it is sealed, its content never changes.",
                    "Work on a clone: POST /api/v1/images/" + id()
                            + "/clones. Without children it can be unsealed: POST /api/v1/images/" + id()
                            + "/unseal.");
        }
    }

    /**
     * The parent.
     *
     * @param attempt what is refused otherwise, as in "cannot be <i>redirected</i>"
     * @throws CowshedException of type IMAGE_HAS_NO_PARENT if there is none
     */
    public UUID requireParent(String attempt) {
        UUID parent = parentId();
        if (parent == null) {
            throw new CowshedException(
                    ProblemType.IMAGE_HAS_NO_PARENT,
                    "Image " + Text.quote(name()) + " cannot be " + attempt + ": it has no parent.",
                    "See where images come from: GET /api/v1/images/" + id() + "/lineage.");
        }
        return parent;
    }

    /**
     * That the disk of a clone may have this size, in bytes.
     *
     * @throws CowshedException of type INVALID_REQUEST if it would be smaller than this one
     */
    public void requireFits(long virtualSizeOfClone) {
        if (virtualSizeOfClone < virtualSize()) {
            throw Text.refuse(
                    "A clone of " + virtualSizeOfClone + " bytes would cut off the disk of image " + Text.quote(name())
                            + ", which has " + virtualSize() + " bytes.",
                    "Use a virtualSize of at least " + virtualSize() + ", or leave it out.");
        }
    }

    /**
     * The terms on which it lives.
     *
     * @throws CowshedException of type INVALID_REQUEST if it is persistent
     */
    public Lease requireDisposable() {
        Lease lease = lease();
        if (lease == null) {
            throw Text.refuse(
                    "Image " + Text.quote(name()) + " is persistent: it has no expiry.", "Leave the expiry out.");
        }
        return lease;
    }

    /**
     * That it may be removed, as far as its own row tells.
     *
     * @throws CowshedException of type IMAGE_PROTECTED or IMAGE_NOT_AVAILABLE if it may not
     */
    public void requireRemovable() {
        if (isProtected()) {
            throw new CowshedException(
                    ProblemType.IMAGE_PROTECTED,
                    "Image " + Text.quote(name()) + " is protected from removal.",
                    "Take the protection away first: PATCH /api/v1/images/" + id() + " with {\"protected\": false}.");
        }
        if (state() == ImageState.CREATING) {
            throw notIn(ImageState.AVAILABLE, "removed");
        }
    }

    /** Whether {@link #requireRemovable} would not refuse. */
    public boolean isRemovable() {
        return !isProtected() && state() != ImageState.CREATING;
    }

    /**
     * That the image can be worked on.
     *
     * @param attempt what is refused otherwise, as in "cannot be <i>sealed</i>"
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE if it is being made or in the trash
     */
    public void requireAvailable(String attempt) {
        requireState(ImageState.AVAILABLE, attempt);
    }

    /** @throws CowshedException of type IMAGE_NOT_AVAILABLE if it is in another state */
    void requireState(ImageState required, String attempt) {
        if (state() != required) {
            throw notIn(required, attempt);
        }
    }

    CowshedException notIn(ImageState required, String attempt) {
        return new CowshedException(
                ProblemType.IMAGE_NOT_AVAILABLE,
                "Image " + Text.quote(name()) + " cannot be " + attempt + ": its state is " + state().word() + ", not "
                        + required.word() + (fault() == null ? "." : ". " + fault()),
                switch (state()) {
                    case CREATING -> "Wait until it is available: GET /api/v1/images/" + id() + ".";
                    case TRASHED -> "Restore it first: POST /api/v1/images/" + id() + "/restore.";
                    case AVAILABLE, ERROR -> null;
                });
    }
}
