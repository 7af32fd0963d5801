package io.cowshed.audit;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What became of a finding that was to be mended. */
public enum Outcome {
    /** It is as it should be, or the catalogue says how it is. */
    MENDED,
    /** It is as it was. */
    KEPT,
    /** It was gone by itself when its turn came. */
    PASSED;

    /** The word for it. */
    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The outcome of that word. */
    @JsonCreator
    static Outcome parse(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }
}
