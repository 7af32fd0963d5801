package io.cowshed.catalog;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import java.util.Locale;

/** What becomes of a disposable image at its end. Written in lower case with hyphens, in the API and in the database. */
public enum OnExpire {
    /** It goes to the trash, from where it can come back for a time. */
    TRASH,
    /** It is removed for good. */
    DELETE,
    /** It stays, flagged, for somebody to decide. */
    KEEP_AND_FLAG;

    /** The word for it. */
    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * What has that word.
     *
     * @throws CowshedException of type INVALID_REQUEST if nothing has
     */
    @JsonCreator
    public static OnExpire parse(String word) {
        for (OnExpire end : values()) {
            if (end.word().equals(word)) {
                return end;
            }
        }
        throw Text.refuse(
                Text.quote(word) + " is nothing that could become of an image at its end.",
                "Use trash, delete or keep-and-flag.");
    }
}
