package io.cowshed.attachment;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What is to become of a disposable image when the last that has it attached leaves it. */
public enum OnDetach {
    /** It stays. */
    KEEP,
    /** It goes to the trash. */
    TRASH,
    /** It goes for good. */
    DELETE;

    /** The word for it. */
    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
