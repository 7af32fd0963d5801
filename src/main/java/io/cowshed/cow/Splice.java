package io.cowshed.cow;

import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How an image is to be removed that has children.
 *
 * @param children what becomes of them
 * @param onto what they lie on afterwards; null for nothing
 * @param count how many there were when it was asked for
 * @param purge whether the image itself goes for good, and not to the trash
 */
public record Splice(Children children, @Nullable UUID onto, long count, boolean purge) {

    /** What becomes of the children of a removed image. */
    public enum Children {
        /** Each takes what it lacks from the image, and becomes a clone of the image's parent, or a base where there is none. */
        REDIRECT,
        /** Each takes all that it lacks, and becomes a base. */
        SPLIT,
        /** All are in the trash, and are removed for good. */
        PURGE_TRASHED;

        /** The word for it. */
        @JsonValue
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /**
         * What that word says.
         *
         * @throws CowshedException of type INVALID_REQUEST if it says nothing
         */
        public static Children parse(String word) {
            for (Children children : values()) {
                if (children.word().equals(word)) {
                    return children;
                }
            }
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "What is to become of the children cannot be what was given.",
                    "Use redirect, split or purge-trashed.");
        }
    }

    /** How each child is reworked, unless it is purged. */
    Rework rework() {
        return Rework.onto(onto);
    }
}
