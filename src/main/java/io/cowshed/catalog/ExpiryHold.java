package io.cowshed.catalog;

import java.util.Locale;

/** What keeps a disposable image past its end. Written in lower case with hyphens, in the API and in the database. */
public enum ExpiryHold {
    /** Somebody has it attached. */
    ATTACHED,
    /** A QEMU, or another process, has its file open. */
    IN_USE,
    /** An operation needs it. */
    BUSY,
    /** It has children: it goes with the last of them. */
    CHILDREN,
    /** It is protected from removal. */
    PROTECTED,
    /** It is a version of a family. */
    PUBLISHED,
    /** It is being copied first, as was asked. */
    COPYING,
    /** It was to be copied first, and that failed. */
    COPY_FAILED,
    /** It was to be kept and flagged. */
    KEPT,
    /** The removal failed. */
    FAILED;

    /** The word for it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static ExpiryHold parse(String word) {
        for (ExpiryHold hold : values()) {
            if (hold.word().equals(word)) {
                return hold;
            }
        }
        throw new IllegalArgumentException(word);
    }
}
