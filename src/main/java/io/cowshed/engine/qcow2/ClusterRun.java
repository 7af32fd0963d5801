package io.cowshed.engine.qcow2;

/**
 * Clusters of the file in a row.
 *
 * @param first the number of the first one
 * @param count at least 1
 */
record ClusterRun(long first, int count) {

    /** The cluster after the last one. */
    long end() {
        return first + count;
    }
}
