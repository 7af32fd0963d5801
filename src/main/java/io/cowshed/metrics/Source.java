package io.cowshed.metrics;

import java.util.Locale;

/** Where numbers come from. While one does not answer, the numbers of the other are still taken. */
public enum Source {
    DATABASE,
    VOLUME;

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
