package io.cowshed.volume;

import java.util.Locale;

/** A directory of the volume. */
public enum VolumeArea {
    /** Every image. */
    IMAGES,
    /** Every seed disk. */
    SEEDS,
    /** Side names of files that are not yet catalogued. */
    INCOMING,
    /** Side names of files that are being removed. */
    RETIRED,
    /** Strangers that an audit has put aside. There is no such directory before the first. */
    QUARANTINE;

    /** The directory's name. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
