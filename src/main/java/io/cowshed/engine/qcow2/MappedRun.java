package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.format.ClusterMapping;

/**
 * A run of the disk that one mapping holds for: where it has a host offset, the run lies there in one piece. A compressed
 * run ends with its cluster, and its mapping is the whole cluster's.
 *
 * @param mapping of the run's first byte
 * @param length in bytes, at least 1
 */
record MappedRun(ClusterMapping mapping, long length) {

    /** Whether {@code next}, which follows directly, goes on as this run would. */
    boolean isContinuedBy(ClusterMapping next) {
        return switch (mapping) {
            case ClusterMapping.Data(long offset) ->
                next instanceof ClusterMapping.Data(long following) && following == offset + length;
            case ClusterMapping.Zero(long offset) ->
                next instanceof ClusterMapping.Zero(long following) && goesOn(offset, following);
            case ClusterMapping.Unallocated(long offset) ->
                next instanceof ClusterMapping.Unallocated(long following) && goesOn(offset, following);
            case ClusterMapping.Compressed ignored -> false;
        };
    }

    private boolean goesOn(long offset, long following) {
        return offset == 0 ? following == 0 : following == offset + length;
    }
}
