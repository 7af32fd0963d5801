package io.cowshed.problem;

import org.jspecify.annotations.Nullable;

/** What somebody has sent, fit for a message, however long or strange it is. */
public final class Shown {

    private static final int MOST = 60;

    private Shown() {}

    /** The value, cut and without control characters. */
    public static String of(@Nullable Object value) {
        String text = String.valueOf(value);
        String cut = text.length() <= MOST ? text : text.substring(0, MOST) + "…";
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
