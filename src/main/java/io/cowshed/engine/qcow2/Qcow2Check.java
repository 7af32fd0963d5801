package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CheckReport;
import io.cowshed.engine.block.Finding;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.L1Entry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.RefcountBlock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * Checks the structure of one image: every table can be followed, no two claim one cluster, and the refcounts say how often
 * each cluster is used. Backing files are not looked at, and nothing is written.
 *
 * <p>Memory is some 20 MiB, whatever the image: where more clusters are in use than that accounts for, the tables are gone
 * over once more for each further part of the file.
 */
public final class Qcow2Check {

    /** 4 GiB of file with the smallest clusters, 256 GiB with the default ones, in one pass. */
    private static final int CLUSTERS_AT_ONCE = 4 << 20;

    private final Qcow2Header header;
    private final ClusterGeometry geometry;
    private final ReferenceWalk walk;
    private final RefcountReader refcounts;
    private final ClusterUses uses;
    private final List<Finding> findings = new ArrayList<>();
    private long errors;
    private long leaks;
    private long allocated;
    private long fragmented;
    private long compressed;
    private long followingCluster;
    private long followingTable;
    private long lastCluster = -1;

    private Qcow2Check(BlockFile file, int clustersAtOnce) throws IOException {
        this.header = Qcow2HeaderReader.read(file);
        this.geometry = header.geometry();
        this.walk = new ReferenceWalk(file, header, file.size());
        int pageClusters = Math.min(ClusterUses.MAX_PAGE_CLUSTERS, geometry.refcountBlockEntries());
        this.refcounts = new RefcountReader(file, header, pageClusters);
        this.uses = new ClusterUses(pageClusters, clustersAtOnce);
    }

    /**
     * Checks the image in {@code file}, which nobody must write to meanwhile.
     *
     * @throws ImageException when its header or active L1 table is such that it cannot be opened at all, or it is too large
     *     to be checked
     */
    public static CheckReport check(BlockFile file) throws IOException {
        return check(file, CLUSTERS_AT_ONCE);
    }

    /** Keeps account of {@code clustersAtOnce} clusters in a pass. */
    static CheckReport check(BlockFile file, int clustersAtOnce) throws IOException {
        return new Qcow2Check(file, clustersAtOnce).run();
    }

    private CheckReport run() throws IOException {
        walk.run(new FirstPass());
        compare();
        while (uses.end() != Long.MAX_VALUE) {
            uses.advance();
            walk.run(new LaterPass());
            compare();
        }
        return new CheckReport(
                errors,
                leaks,
                findings,
                geometry.clustersFor(header.virtualSize()),
                allocated,
                fragmented,
                compressed,
                geometry.clusterStart(lastCluster + 1));
    }

    /** Counts uses only: everything else was seen in the first pass. */
    private class LaterPass implements ReferenceWalk.Visitor {

        @Override
        public void used(ClusterUse use, String structure, long position, long offset, long bytes) {
            long last = geometry.clusterOf(offset + bytes - 1);
            for (long cluster = geometry.clusterOf(offset); cluster <= last; cluster++) {
                uses.add(cluster, use);
            }
        }

        @Override
        public void active(ClusterUse use, long position, long offset, long entry) throws IOException {}

        @Override
        public void damaged(String structure, long position, String problem) {}
    }

    private final class FirstPass extends LaterPass {

        @Override
        public void active(ClusterUse use, long position, long offset, long entry) throws IOException {
            switch (use) {
                case DATA -> {
                    countData(position, offset);
                    checkCopied(ReferenceWalk.L2, position, offset, entry);
                }
                case COMPRESSED -> {
                    allocated++;
                    compressed++;
                    fragmented++;
                    if (L1Entry.isCopied(entry)) {
                        error(ReferenceWalk.L2, position, "a compressed cluster has the COPIED flag");
                    }
                }
                case ACTIVE_L2_TABLE -> checkCopied(ReferenceWalk.L1, position, offset, entry);
                case METADATA, SNAPSHOT_L2_TABLE -> {
                    // Not of the disk itself.
                }
            }
        }

        @Override
        public void damaged(String structure, long position, String problem) {
            error(structure, position, problem);
        }
    }

    /** As QEMU counts: the first cluster of each L2 table follows whatever was before it. */
    private void countData(long position, long offset) {
        long table = geometry.clusterOf(position);
        allocated++;
        if (table == followingTable && offset != followingCluster) {
            fragmented++;
        }
        followingTable = table;
        followingCluster = offset + geometry.clusterSize();
    }

    /** COPIED has one place in both kinds of entries (specification, "L1 table entry" and "L2 table entry"). */
    private void checkCopied(String structure, long position, long offset, long entry) throws IOException {
        boolean copied = L1Entry.isCopied(entry);
        boolean single = refcounts.refcount(geometry.clusterOf(offset)) == 1;
        if (copied != single) {
            error(
                    structure,
                    position,
                    copied
                            ? "the COPIED flag is set for a cluster whose refcount is not 1"
                            : "the COPIED flag is missing for a cluster whose refcount is 1");
        }
    }

    /** Compares what is used with what is counted, in this part of the file, in order. */
    private void compare() throws IOException {
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
            compare(page, used.get(page), refcounts.page(page));
            page++;
        }
    }

    private void compare(long page, ClusterUses.@Nullable Page used, @Nullable ByteBuffer counted) {
        for (int i = 0; i < uses.pageClusters(); i++) {
            long references = used == null ? 0 : used.count(i);
            long refcount = counted == null ? 0 : RefcountBlock.get(geometry, counted, i);
            if (references != 0 || refcount != 0) {
                compare(page * uses.pageClusters() + i, references, refcount);
                if (used != null && used.conflicting(i)) {
                    error(
                            "cluster",
                            geometry.clusterStart(page * uses.pageClusters() + i),
                            "it is used " + words(used, i));
                }
            }
        }
    }

    private void compare(long cluster, long references, long refcount) {
        lastCluster = cluster;
        int order = Long.compareUnsigned(refcount, references);
        if (order == 0) {
            return;
        }
        String problem =
                "the refcount is " + Long.toUnsignedString(refcount) + ", and there are " + references + " references";
        if (order < 0) {
            error("cluster", geometry.clusterStart(cluster), problem);
        } else {
            leaks++;
            add(new Finding(Finding.Kind.LEAK, "cluster", geometry.clusterStart(cluster), problem));
        }
    }

    private static String words(ClusterUses.Page page, int index) {
        List<String> words = new ArrayList<>();
        for (ClusterUse use : ClusterUse.values()) {
            if (page.usedAs(index, use)) {
                words.add(use.words());
            }
        }
        return words.size() == 1 ? "twice as " + words.getFirst() : "as " + String.join(" and as ", words);
    }

    private void error(String structure, long position, String problem) {
        errors++;
        add(new Finding(Finding.Kind.ERROR, structure, position, problem));
    }

    private void add(Finding finding) {
        if (findings.size() < CheckReport.MAX_FINDINGS) {
            findings.add(finding);
        }
    }
}
