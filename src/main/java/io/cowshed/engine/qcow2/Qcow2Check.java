package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CheckReport;
import io.cowshed.engine.block.Finding;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.L1Entry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks the structure of one image: every table can be followed, no two claim one cluster, and the refcounts say how often
 * each cluster is used. Backing files are not looked at, and nothing is written.
 *
 * <p>Memory is some 20 MiB, whatever the image: where more clusters are in use than that accounts for, the tables are gone
 * over once more for each further part of the file.
 */
public final class Qcow2Check {

    private final Qcow2Header header;
    private final ClusterGeometry geometry;
    private final ReferenceWalk walk;
    private final ClusterAccount account;
    private final Runnable heed;
    private final List<Finding> findings = new ArrayList<>();
    private long errors;
    private long leaks;
    private long allocated;
    private long fragmented;
    private long compressed;
    private long followingCluster;
    private long followingTable;
    private long lastCluster = -1;

    private Qcow2Check(BlockFile file, int clustersAtOnce, Runnable heed) throws IOException {
        this.heed = heed;
        this.header = Qcow2HeaderReader.read(file);
        this.geometry = header.geometry();
        this.walk = new ReferenceWalk(file, header, file.size());
        this.account = new ClusterAccount(file, header, clustersAtOnce);
    }

    /**
     * Checks the image in {@code file}, which nobody must write to meanwhile.
     *
     * @throws ImageException when its header or active L1 table is such that it cannot be opened at all, or it is too large
     *     to be checked
     */
    public static CheckReport check(BlockFile file) throws IOException {
        return check(file, () -> {});
    }

    /**
     * As above, for one who may have enough of it.
     *
     * @param heed called for each L2 table of the disk, on every pass; what it throws ends the check
     */
    public static CheckReport check(BlockFile file, Runnable heed) throws IOException {
        return new Qcow2Check(file, ClusterAccount.CLUSTERS_AT_ONCE, heed).run();
    }

    /** Keeps account of {@code clustersAtOnce} clusters in a pass. */
    static CheckReport check(BlockFile file, int clustersAtOnce) throws IOException {
        return new Qcow2Check(file, clustersAtOnce, () -> {}).run();
    }

    private CheckReport run() throws IOException {
        walk.run(new FirstPass());
        account.forEach(this::compare);
        while (account.advance()) {
            walk.run(new LaterPass());
            account.forEach(this::compare);
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
            account.use(use, offset, bytes);
        }

        @Override
        public void active(ClusterUse use, long position, long offset, long entry) throws IOException {
            if (use == ClusterUse.ACTIVE_L2_TABLE) {
                heed.run();
            }
        }

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
                case ACTIVE_L2_TABLE -> {
                    heed.run();
                    checkCopied(ReferenceWalk.L1, position, offset, entry);
                }
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
        boolean single = account.refcounts().refcount(geometry.clusterOf(offset)) == 1;
        if (copied != single) {
            error(
                    structure,
                    position,
                    copied
                            ? "the COPIED flag is set for a cluster whose refcount is not 1"
                            : "the COPIED flag is missing for a cluster whose refcount is 1");
        }
    }

    private void compare(long cluster, long references, long refcount, String conflict) {
        lastCluster = cluster;
        if (!conflict.isEmpty()) {
            error("cluster", geometry.clusterStart(cluster), "it is used " + conflict);
        }
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
