package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.DiskRange;
import io.cowshed.engine.block.DiskRanges;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import java.io.IOException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The clusters of a disk of which a guest uses nothing: those that lie wholly in ranges that are free. The last one ends
 * where the disk does. Asked about in guest order. For one thread.
 */
final class FreeClusters {

    private static final long NEVER = Long.MAX_VALUE;

    private final DiskRanges ranges;
    private final ClusterGeometry geometry;
    private final long size;
    private final LongConsumer alive;

    /** Where the present run of free clusters begins, and ends; both {@link #NEVER} after the last. */
    private long start;

    private long end;

    /** The range that the present run does not go on into. */
    private @Nullable DiskRange ahead;

    private long past;

    /**
     * @param size bytes of the disk
     * @param alive is told 0 for each range: between two clusters that are free there may be very many
     */
    FreeClusters(DiskRanges ranges, ClusterGeometry geometry, long size, LongConsumer alive) throws IOException {
        this.ranges = ranges;
        this.geometry = geometry;
        this.size = size;
        this.alive = alive;
        this.ahead = pull();
    }

    /** Whether the cluster that begins at {@code offset} is free. */
    boolean has(long offset) throws IOException {
        while (end <= offset) {
            advance();
        }
        return start <= offset;
    }

    /** Up to where the clusters after the one asked about last are as it is. */
    long alikeUntil(long offset) {
        return start <= offset ? end : start;
    }

    private void advance() throws IOException {
        DiskRange range = ahead;
        if (range == null || range.start() >= size) {
            start = NEVER;
            end = NEVER;
            return;
        }
        long rangeEnd = range.end();
        DiskRange next = pull();
        while (next != null && next.start() == rangeEnd) {
            rangeEnd = next.end();
            next = pull();
        }
        ahead = next;
        start = geometry.clusterStart(geometry.clustersFor(range.start()));
        end = rangeEnd >= size ? NEVER : geometry.clusterStart(geometry.clusterOf(rangeEnd));
    }

    private @Nullable DiskRange pull() throws IOException {
        alive.accept(0);
        DiskRange range = ranges.next();
        if (range != null) {
            if (range.start() < past) {
                throw new IllegalStateException("free ranges that overlap, at " + range.start());
            }
            past = range.end();
        }
        return range;
    }
}
