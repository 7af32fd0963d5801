package io.cowshed.catalog;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import java.util.Locale;

/** What is to be thought of a version. Written in lower case in the API; the database has only the times. */
public enum VersionState {
    /** The newest of these is the latest. */
    ACTIVE,
    /** Can be cloned, with a warning, and is not the latest. */
    DEPRECATED,
    /** Gets no more clones. */
    OBSOLETE;

    /** The word for it. */
    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The state of that word.
     *
     * @throws CowshedException of type INVALID_REQUEST if there is none
     */
    @JsonCreator
    public static VersionState parse(String word) {
        for (VersionState state : values()) {
            if (state.word().equals(word)) {
                return state;
            }
        }
        throw Text.refuse(Text.quote(word) + " is not a state of a version.", "Use active, deprecated or obsolete.");
    }
}
