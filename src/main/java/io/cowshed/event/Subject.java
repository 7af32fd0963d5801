package io.cowshed.event;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.Locale;
import java.util.UUID;

/**
 * What an event is about.
 *
 * @param kind the word of a {@link Kind}, or one that only a newer build knows
 * @param name that it had then, or what it is; at most 128 characters
 */
@Schema(name = "EventSubject", description = "What the event is about.")
public record Subject(
        @Schema(
                description =
                        "image, family, attachment, operation, audit, hook, token or subscription; a later version may know more.")
        String kind,

        UUID id,

        @Schema(
                description =
                        "The name that it had then; of an attachment its image's, of a pool its family's, of an operation its verb, of an audit \"volume\", of a subscription its host.")
        String name) {

    /** What kinds of things there are. */
    public enum Kind {
        IMAGE,
        FAMILY,
        ATTACHMENT,
        OPERATION,
        AUDIT,
        HOOK,
        TOKEN,
        SUBSCRIPTION;

        /** The kind as the API and the database spell it. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Subject(Kind kind, UUID id, String name) {
        this(kind.word(), id, name);
    }

    /** Whether it is of that kind. */
    public boolean is(Kind other) {
        return kind.equals(other.word());
    }
}
