package io.cowshed.attachment;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What became of an image after an attachment. */
public enum Outcome {
    /** It stays: as was wished, or since others have it, or it is protected or persistent by now. */
    KEPT,
    /** It is in the trash. */
    TRASHED,
    /** It is gone. */
    DELETED,
    /** It has children, and goes to the trash with the last of them. */
    LEAVING;

    /** The word for it. */
    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
