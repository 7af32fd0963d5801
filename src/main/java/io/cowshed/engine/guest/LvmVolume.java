package io.cowshed.engine.guest;

/** What LVM2 has made of physical volumes. */
sealed interface LvmVolume {

    /** The name of its volume group, and its own where it has one. */
    String place();

    /** Where it lies: for one that is left alone, the physical volume by which it was found. */
    Area area();

    /** A logical volume that can be looked into. */
    record Linear(String place, Area area) implements LvmVolume {}

    /** The extents of a volume group that belong to none of its volumes, one after the other. */
    record Unallocated(String place, Area area) implements LvmVolume {}

    /** One of which nothing counts as free, and why. */
    record LeftAlone(String place, Area area, String reason) implements LvmVolume {}
}
