package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.format.ClusterGeometry;
import java.util.Arrays;

/**
 * The clusters of the file that hold metadata, where nothing else may be written. Sixty-four neighbours take a word each
 * of an open hash table, so a file's metadata takes memory in proportion to itself, wherever it lies. For one thread.
 */
final class MetadataMap {

    private static final int NEIGHBOUR_BITS = 6;

    /** Not the number of any word: clusters are below 2^47. */
    private static final long NONE = -1;

    private final ClusterGeometry geometry;
    private long[] keys = new long[64];
    private long[] bits = new long[64];
    private int used;

    MetadataMap(ClusterGeometry geometry) {
        this.geometry = geometry;
        Arrays.fill(keys, NONE);
    }

    /** Adds a cluster; false if it was there before. */
    boolean add(long cluster) {
        int slot = slot(keys, cluster >>> NEIGHBOUR_BITS);
        if (keys[slot] == NONE) {
            if (++used > keys.length / 2) {
                grow();
                slot = slot(keys, cluster >>> NEIGHBOUR_BITS);
            }
            keys[slot] = cluster >>> NEIGHBOUR_BITS;
        }
        long before = bits[slot];
        bits[slot] = before | (1L << cluster);
        return bits[slot] != before;
    }

    void remove(long cluster) {
        int slot = slot(keys, cluster >>> NEIGHBOUR_BITS);
        if (keys[slot] != NONE) {
            bits[slot] &= ~(1L << cluster);
        }
    }

    boolean contains(long cluster) {
        int slot = slot(keys, cluster >>> NEIGHBOUR_BITS);
        return keys[slot] != NONE && ((bits[slot] >>> cluster) & 1) != 0;
    }

    /** Whether {@code length} bytes from {@code offset} on, at least 1, lie on metadata anywhere. */
    boolean isHit(long offset, long length) {
        long last = geometry.clusterOf(offset + length - 1);
        for (long cluster = geometry.clusterOf(offset); cluster <= last; cluster++) {
            if (contains(cluster)) {
                return true;
            }
        }
        return false;
    }

    private void grow() {
        long[] moreKeys = new long[keys.length * 2];
        long[] moreBits = new long[keys.length * 2];
        Arrays.fill(moreKeys, NONE);
        for (int i = 0; i < keys.length; i++) {
            if (keys[i] != NONE) {
                int slot = slot(moreKeys, keys[i]);
                moreKeys[slot] = keys[i];
                moreBits[slot] = bits[i];
            }
        }
        keys = moreKeys;
        bits = moreBits;
    }

    /** Where {@code key} is, or where it is to be put. */
    private static int slot(long[] table, long key) {
        int mask = table.length - 1;
        int slot = (int) ((key * 0x9e3779b97f4a7c15L) >>> 32) & mask;
        while (table[slot] != NONE && table[slot] != key) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }
}
