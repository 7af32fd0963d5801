package io.cowshed.ci;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.catalog.OnExpire;
import io.cowshed.problem.CowshedException;
import java.util.Locale;

/** What becomes of the disks of a job that has ended, unless they are kept; and of those whose time is over. */
public enum OnCompletion {
    /** They go for good. */
    PURGE,
    /** They go to the trash. */
    TRASH;

    /** What becomes of a disk whose job is not heard of any more. */
    OnExpire onExpire() {
        return switch (this) {
            case PURGE -> OnExpire.DELETE;
            case TRASH -> OnExpire.TRASH;
        };
    }

    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The one of that word.
     *
     * @throws CowshedException of type INVALID_REQUEST if there is none
     */
    @JsonCreator
    public static OnCompletion parse(String word) {
        for (OnCompletion one : values()) {
            if (one.word().equals(word)) {
                return one;
            }
        }
        throw Words.refuse(Words.quote(word) + " is nothing that can become of a job's disks.", "Use purge or trash.");
    }
}
