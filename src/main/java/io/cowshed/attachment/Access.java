package io.cowshed.attachment;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a holder does with an image. */
public enum Access {
    /** Reads it; many may. */
    RO,
    /** Writes to it; one may, and nobody else has it then. */
    RW;

    /** The word for it. */
    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
