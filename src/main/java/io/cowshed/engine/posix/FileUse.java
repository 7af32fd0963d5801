package io.cowshed.engine.posix;

import java.util.Locale;

/** What is done with a file by those who have it open, as their locks tell. */
public enum FileUse {
    /** Nobody has it open. */
    NONE,
    /** It is read only, by itself or as the backing of another. */
    READER,
    /** It is written to. */
    WRITER;

    /** The word for it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
