package io.cowshed.engine.qcow2;

/**
 * Clusters of the file in a row.
 *
 * @param first the number of the first one
 * @param count at least 1
 * @param untouched whether the file reads as zeros there because nothing was ever written
 */
record ClusterRun(long first, int count, boolean untouched) {

    /** The cluster after the last one. */
    long end() {
        return first + count;
    }
}
