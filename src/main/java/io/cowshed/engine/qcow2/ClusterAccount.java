package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.RefcountBlock;
import java.io.IOException;
import java.util.NavigableMap;

/**
 * What the clusters of a file are used for beside what its refcounts say, part by part: {@link ClusterUses} says how long a
 * part is.
 */
final class ClusterAccount {

    /** 2 GiB of file with the smallest clusters, 256 GiB with the default ones, in some 20 MiB of memory. */
    static final int CLUSTERS_AT_ONCE = 4 << 20;

    private final ClusterGeometry geometry;
    private final RefcountReader refcounts;
    private final ClusterUses uses;

    /** Takes the clusters of a part one after the other. */
    @FunctionalInterface
    interface Visitor {

        /**
         * A cluster that is used or counted.
         *
         * @param references how often it is used
         * @param refcount what the file says of that, unsigned
         * @param conflict what it is used as, in words, where that does not go together; else empty
         */
        void visit(long cluster, long references, long refcount, String conflict) throws IOException;
    }

    /** Begins with the first part. {@code clustersAtOnce} bounds the memory. */
    ClusterAccount(BlockFile file, Qcow2Header header, int clustersAtOnce) throws IOException {
        this.geometry = header.geometry();
        int pageClusters = Math.min(ClusterUses.MAX_PAGE_CLUSTERS, geometry.refcountBlockEntries());
        this.refcounts = new RefcountReader(file, header, pageClusters);
        this.uses = new ClusterUses(pageClusters, clustersAtOnce);
    }

    RefcountReader refcounts() {
        return refcounts;
    }

    /** Notes a use, wherever in the file it is: what is not of this part is left out. */
    void use(ClusterUse use, long offset, long bytes) {
        long last = geometry.clusterOf(offset + bytes - 1);
        for (long cluster = geometry.clusterOf(offset); cluster <= last; cluster++) {
            uses.add(cluster, use);
        }
    }

    /** Goes on to the next part, for which all uses are to be told again; false when there is none. */
    boolean advance() {
        if (uses.end() == Long.MAX_VALUE) {
            return false;
        }
        uses.advance();
        return true;
    }

    /** Visits all clusters of this part that are used or counted, in order. */
    void forEach(Visitor visitor) throws IOException {
        NavigableMap<Long, ClusterUses.Page> used = uses.pages();
        long end = uses.end() == Long.MAX_VALUE ? Long.MAX_VALUE : uses.end() / uses.pageClusters();
        long page = uses.start() / uses.pageClusters();
        while (true) {
            Long nextUsed = used.ceilingKey(page);
            long nextCounted = refcounts.nextPage(page);
            page = nextUsed == null ? nextCounted : Math.min(nextUsed, nextCounted);
            if (page >= end) {
                return;
            }
            forEachOf(page, visitor);
            page++;
        }
    }

    private void forEachOf(long page, Visitor visitor) throws IOException {
        ClusterUses.Page used = uses.pages().get(page);
        long[] counted = refcounts.page(page);
        for (int i = 0; i < uses.pageClusters(); i++) {
            long references = used == null ? 0 : used.count(i);
            long refcount = counted == null ? 0 : RefcountBlock.get(counted, i, geometry);
            if (references != 0 || refcount != 0) {
                String conflict = used == null ? "" : used.conflict(i);
                visitor.visit(page * uses.pageClusters() + i, references, refcount, conflict);
            }
        }
    }
}
