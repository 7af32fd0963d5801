package io.cowshed.problem;

import java.net.URI;
import org.springframework.http.HttpStatus;

/**
 * Everything Cowshed refuses, each with its own {@code type} (RFC 9457, section 3.1.1), status and title. Slugs are part
 * of the API: once released they are never renamed. {@code docs/problems.md} has a paragraph on each.
 */
public enum ProblemType {
    INVALID_REQUEST("invalid-request", HttpStatus.BAD_REQUEST, "The request is not valid"),
    MALFORMED_BODY("malformed-body", HttpStatus.BAD_REQUEST, "The request body cannot be read"),
    BODY_INCOMPLETE("body-incomplete", HttpStatus.BAD_REQUEST, "The request body broke off"),
    UNAUTHENTICATED("unauthenticated", HttpStatus.UNAUTHORIZED, "A valid access token is needed"),
    DELIVERY_UNVERIFIED("delivery-unverified", HttpStatus.UNAUTHORIZED, "The delivery cannot be verified"),
    FORBIDDEN("forbidden", HttpStatus.FORBIDDEN, "The access token does not allow this"),
    NOT_FOUND("not-found", HttpStatus.NOT_FOUND, "There is no such resource"),
    METHOD_NOT_ALLOWED("method-not-allowed", HttpStatus.METHOD_NOT_ALLOWED, "The resource does not take this method"),
    NOT_ACCEPTABLE("not-acceptable", HttpStatus.NOT_ACCEPTABLE, "No acceptable representation exists"),
    IMAGE_HAS_CHILDREN("image-has-children", HttpStatus.CONFLICT, "The image has children"),
    IMAGE_NOT_SEALED("image-not-sealed", HttpStatus.CONFLICT, "Only a sealed image can be cloned"),
    IMAGE_NOT_AVAILABLE("image-not-available", HttpStatus.CONFLICT, "The image is not available"),
    IMAGE_SEALED("image-sealed", HttpStatus.CONFLICT, "The image is sealed"),
    IMAGE_HAS_NO_PARENT("image-has-no-parent", HttpStatus.CONFLICT, "The image has no parent"),
    PARENT_IS_ITSELF("parent-is-itself", HttpStatus.CONFLICT, "An image cannot be its own parent"),
    PARENT_IS_SHORTER("parent-is-shorter", HttpStatus.CONFLICT, "The new parent's disk is too short"),
    PARENT_DIFFERS("parent-differs", HttpStatus.CONFLICT, "The new parent has another content"),
    PARENT_IS_THE_SAME("parent-is-the-same", HttpStatus.CONFLICT, "The image has that parent already"),
    SHRINK_LOSES_DATA("shrink-loses-data", HttpStatus.CONFLICT, "A shorter disk would lose data"),
    IMAGE_IN_USE("image-in-use", HttpStatus.CONFLICT, "The image is in use"),
    IMAGE_ATTACHED("image-attached", HttpStatus.CONFLICT, "The image is attached"),
    ATTACHMENT_ENDED("attachment-ended", HttpStatus.CONFLICT, "The attachment is over"),
    IMAGE_BUSY("image-busy", HttpStatus.CONFLICT, "An operation needs the image"),
    IMAGE_LEAVES("image-leaves", HttpStatus.CONFLICT, "The image is to be removed and gets no more children"),
    IMAGE_PROTECTED("image-protected", HttpStatus.CONFLICT, "The image is protected"),
    IMAGE_PERSISTENT("image-persistent", HttpStatus.CONFLICT, "The image is persistent"),
    IMAGE_PUBLISHED("image-published", HttpStatus.CONFLICT, "The image is a version of a family"),
    VERSION_OBSOLETE("version-obsolete", HttpStatus.CONFLICT, "The version is obsolete"),
    FAMILY_HAS_VERSIONS("family-has-versions", HttpStatus.CONFLICT, "The family has versions"),
    DEPTH_LIMIT("depth-limit", HttpStatus.CONFLICT, "The chain of images would become too deep"),
    AUDIT_RUNNING("audit-running", HttpStatus.CONFLICT, "Another audit is running"),
    OPERATION_FINISHED("operation-finished", HttpStatus.CONFLICT, "The operation is over"),
    SUBSCRIPTION_NOT_ACTIVE("subscription-not-active", HttpStatus.CONFLICT, "Nothing is sent to the subscription"),
    NAME_TAKEN("name-taken", HttpStatus.CONFLICT, "The name is taken"),
    REQUEST_IN_PROGRESS("request-in-progress", HttpStatus.CONFLICT, "A request with this key is still at work"),
    PRECONDITION_FAILED("precondition-failed", HttpStatus.PRECONDITION_FAILED, "The resource has changed"),
    TOO_LARGE("too-large", HttpStatus.CONTENT_TOO_LARGE, "The request body is too large"),
    UNSUPPORTED_MEDIA_TYPE(
            "unsupported-media-type", HttpStatus.UNSUPPORTED_MEDIA_TYPE, "The media type or coding is not supported"),
    RANGE_NOT_SATISFIABLE(
            "range-not-satisfiable", HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "The range lies outside the content"),
    INVALID_IMAGE("invalid-image", HttpStatus.UNPROCESSABLE_CONTENT, "The disk image is damaged or not one at all"),
    UNSUPPORTED_IMAGE(
            "unsupported-image", HttpStatus.UNPROCESSABLE_CONTENT, "The disk image uses something not supported"),
    CHECKSUM_MISMATCH("checksum-mismatch", HttpStatus.UNPROCESSABLE_CONTENT, "The bytes are not those announced"),
    IDEMPOTENCY_KEY_REUSED(
            "idempotency-key-reused",
            HttpStatus.UNPROCESSABLE_CONTENT,
            "The idempotency key was used for another request"),
    INTERNAL("internal", HttpStatus.INTERNAL_SERVER_ERROR, "Something went wrong inside Cowshed"),
    DATABASE_UNAVAILABLE("database-unavailable", HttpStatus.SERVICE_UNAVAILABLE, "The database does not answer"),
    OVERLOADED("overloaded", HttpStatus.SERVICE_UNAVAILABLE, "More comes than can be taken"),
    VOLUME_UNAVAILABLE("volume-unavailable", HttpStatus.SERVICE_UNAVAILABLE, "The volume cannot be used"),
    VOLUME_FULL("volume-full", HttpStatus.INSUFFICIENT_STORAGE, "The volume is full");

    private final String slug;
    private final HttpStatus status;
    private final String title;

    ProblemType(String slug, HttpStatus status, String title) {
        this.slug = slug;
        this.status = status;
        this.title = title;
    }

    /** The last part of {@link #uri()}: lower-case words with hyphens. */
    public String slug() {
        return slug;
    }

    /** The HTTP status that goes with it. */
    public HttpStatus status() {
        return status;
    }

    /** The short summary, the same for every occurrence. */
    public String title() {
        return title;
    }

    /** The {@code type} of the problem, {@code urn:cowshed:problem:<slug>}. */
    public URI uri() {
        return URI.create("urn:cowshed:problem:" + slug);
    }
}
