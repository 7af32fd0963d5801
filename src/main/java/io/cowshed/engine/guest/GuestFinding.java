package io.cowshed.engine.guest;

/** What was found in one place of a guest's disk. */
public sealed interface GuestFinding {

    /** Where it is, in words: {@code disk}, {@code partition 2}, or a volume group and its logical volume, {@code vg/root}. */
    String place();

    /** Where in the disk the place begins, in bytes: for a volume in several pieces, its first byte. */
    long offset();

    /** How long the place is, in bytes. */
    long length();

    /** What is there, such as {@code ext4}, {@code partition table} or {@code unknown}. */
    String kind();

    /**
     * Something whose free space is known.
     *
     * @param freeBytes how much of it is free
     */
    record Understood(String place, long offset, long length, String kind, long freeBytes) implements GuestFinding {}

    /**
     * Something of which nothing counts as free.
     *
     * @param reason why, for people
     */
    record LeftAlone(String place, long offset, long length, String kind, String reason) implements GuestFinding {}
}
