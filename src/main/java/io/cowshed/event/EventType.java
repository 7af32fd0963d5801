package io.cowshed.event;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/** Everything that is told of. Words are part of the API: once released they are never renamed. */
public enum EventType {
    /** There is a new image: a clone, where it has a parent. */
    IMAGE_CREATED("image.created"),
    IMAGE_RENAMED("image.renamed"),
    /** Something else that is said about an image was changed. */
    IMAGE_CHANGED("image.changed"),
    IMAGE_SEALED("image.sealed"),
    IMAGE_UNSEALED("image.unsealed"),
    /** An operation gave an image another file, which may lie on another parent. */
    IMAGE_REWRITTEN("image.rewritten"),
    /** The file of an image is not what the catalogue can vouch for. */
    IMAGE_FAILED("image.failed"),
    IMAGE_TRASHED("image.trashed"),
    IMAGE_RESTORED("image.restored"),
    /** An image is gone for good. */
    IMAGE_REMOVED("image.removed"),
    /** The end of a disposable image is near; {@code expiresAt} tells when it goes. */
    IMAGE_EXPIRING("image.expiring"),
    /** A disposable image has got more time. */
    IMAGE_RENEWED("image.renewed"),
    /** A disposable image has become persistent. */
    IMAGE_KEPT("image.kept"),
    /** A disposable image's end has come, and something keeps it: {@code expiryHeldBy}. */
    IMAGE_EXPIRY_HELD("image.expiry-held"),
    /** A disposable image's end has come, and it stays for somebody to decide. One that goes is trashed or removed. */
    IMAGE_EXPIRED("image.expired"),
    /** An image has got a seed disk, its first or another. */
    IMAGE_SEEDED("image.seeded"),
    /** It has none any more. */
    IMAGE_UNSEEDED("image.unseeded"),
    FAMILY_CREATED("family.created"),
    /** Something that is said about a family was changed. */
    FAMILY_CHANGED("family.changed"),
    FAMILY_REMOVED("family.removed"),
    /** So many clones of a family's latest version are to lie ready. */
    POOL_CHANGED("pool.changed"),
    /** None are to lie ready any more. */
    POOL_REMOVED("pool.removed"),
    /** A sealed image has become a version of a family. */
    VERSION_PUBLISHED("version.published"),
    /** Something that is said about a version was changed: its state, or the times of the next. */
    VERSION_CHANGED("version.changed"),
    /** An image is a version of a family no more. */
    VERSION_WITHDRAWN("version.withdrawn"),
    /** Somebody has taken an image to open it himself. */
    ATTACHMENT_CREATED("attachment.created"),
    /** He has given it back. */
    ATTACHMENT_DETACHED("attachment.detached"),
    /** It was taken from him. */
    ATTACHMENT_BROKEN("attachment.broken"),
    /** Nothing was heard of him for too long. */
    ATTACHMENT_LAPSED("attachment.lapsed"),
    /** Afterwards the file was not what the catalogue had known. */
    ATTACHMENT_DRIFTED("attachment.drifted"),
    /** An operation has succeeded, failed or been cancelled. */
    OPERATION_FINISHED("operation.finished"),
    HOOK_CREATED("hook.created"),
    /** What a hook does was changed, or its secret. */
    HOOK_CHANGED("hook.changed"),
    HOOK_REMOVED("hook.removed"),
    TOKEN_CREATED("token.created"),
    TOKEN_REVOKED("token.revoked"),
    SUBSCRIPTION_CREATED("subscription.created"),
    SUBSCRIPTION_CHANGED("subscription.changed"),
    SUBSCRIPTION_REMOVED("subscription.removed"),
    /** A receiver failed for too long, or wants no more. */
    SUBSCRIPTION_DISABLED("subscription.disabled"),
    /** Somebody wants to see whether a subscription works. It goes to that one alone, whatever it asks for. */
    SUBSCRIPTION_TESTED("subscription.tested");

    private final String word;

    EventType(String word) {
        this.word = word;
    }

    /** The type as the API and the database spell it. */
    @JsonValue
    public String word() {
        return word;
    }

    /** The type of that word, if there is one. */
    public static Optional<EventType> find(String word) {
        return Arrays.stream(values()).filter(type -> type.word.equals(word)).findFirst();
    }
}
