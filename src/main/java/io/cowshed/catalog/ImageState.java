package io.cowshed.catalog;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.Locale;

/** What can be done with an image. Written in lower case, in the API and in the database. */
public enum ImageState {
    /** Its name is reserved and its file is being made. */
    CREATING,
    /** Its file is complete. */
    AVAILABLE,
    /** Removed, and restorable until purged. */
    TRASHED,
    /** Its file is not what it should be. */
    ERROR;

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
    public static ImageState parse(String word) {
        for (ImageState state : values()) {
            if (state.word().equals(word)) {
                return state;
            }
        }
        throw new CowshedException(
                ProblemType.INVALID_REQUEST,
                Text.quote(word) + " is not a state of an image.",
                "Use creating, available, trashed or error.");
    }
}
