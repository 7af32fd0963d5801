package io.cowshed.engine.block;

import java.util.List;

/**
 * What a check found out about an image, in the terms of {@code qemu-img check --output=json}.
 *
 * @param errors how many things are damaged
 * @param leaks how many clusters are counted more often than they are used
 * @param findings the first of these, at most {@value #MAX_FINDINGS}
 * @param totalClusters clusters that the disk is long
 * @param allocatedClusters clusters of the disk that take up space of their own, compressed ones included
 * @param fragmentedClusters clusters of the disk that do not follow the one before; all compressed ones count
 * @param compressedClusters clusters of the disk that are compressed
 * @param endOffset where the last cluster that is used or counted ends, in bytes of the file
 */
public record CheckReport(
        long errors,
        long leaks,
        List<Finding> findings,
        long totalClusters,
        long allocatedClusters,
        long fragmentedClusters,
        long compressedClusters,
        long endOffset) {

    /** How many findings a report lists; all are counted. */
    public static final int MAX_FINDINGS = 1000;

    public CheckReport {
        findings = List.copyOf(findings);
    }

    /** Whether nothing is wrong, leaks included. */
    public boolean clean() {
        return errors == 0 && leaks == 0;
    }
}
