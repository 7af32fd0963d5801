package io.cowshed.catalog;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Whether Cowshed may remove an image on its own. Written in lower case, in the API and in the database. */
public enum Lifetime {
    /** Never removed but on request. */
    PERSISTENT,
    /** Has an expiry. */
    DISPOSABLE;

    /** Of an image with that lease, or with none. */
    static Lifetime of(@Nullable Lease lease) {
        return lease == null ? PERSISTENT : DISPOSABLE;
    }

    /** The word for it. */
    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The lifetime of that word.
     *
     * @throws CowshedException of type INVALID_REQUEST if there is none
     */
    @JsonCreator
    public static Lifetime parse(String word) {
        for (Lifetime lifetime : values()) {
            if (lifetime.word().equals(word)) {
                return lifetime;
            }
        }
        throw new CowshedException(
                ProblemType.INVALID_REQUEST,
                Text.quote(word) + " is not a lifetime of an image.",
                "Use persistent or disposable.");
    }
}
