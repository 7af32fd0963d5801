package io.cowshed.ci;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What came of a delivery. */
public enum Outcome {
    /** Disks were made for the job. */
    CREATED,
    /** The job has ended, and its disks go: at once, or, where they are in use, as soon as they are not. */
    REMOVED,
    /** The job has failed, and its disks are kept for a while. */
    KEPT,
    /** It is known now; there was nothing to do. */
    RECORDED,
    /** It is none of this hook's business, or said before. */
    IGNORED,
    /** The disks could not be made, or nobody could read what was sent. */
    REFUSED;

    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The outcome of that word.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Outcome of(String word) {
        for (Outcome outcome : values()) {
            if (outcome.word().equals(word)) {
                return outcome;
            }
        }
        throw new IllegalArgumentException("no such outcome");
    }
}
