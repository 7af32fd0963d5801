package io.cowshed.engine.guest;

import org.jspecify.annotations.Nullable;

/**
 * A partition of a disk.
 *
 * @param number as Linux counts it, from 1
 * @param start in bytes
 * @param length in bytes, as the table has it: it may reach beyond the disk
 * @param fault why it is left alone, or null
 */
record Partition(
        int number, long start, long length, @Nullable String fault) {

    long end() {
        return start + length;
    }

    boolean overlaps(Partition other) {
        return start < other.end() && other.start < end();
    }

    /** The same, left alone; the first reason stays. */
    Partition leftAlone(String reason) {
        return fault == null ? new Partition(number, start, length, reason) : this;
    }
}
