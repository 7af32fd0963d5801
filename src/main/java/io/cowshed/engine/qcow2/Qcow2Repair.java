package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CheckReport;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.Features;
import io.cowshed.engine.qcow2.format.L1Entry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.RefcountBlock;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Mends what a {@link Qcow2Check} finds, as far as it can be known how things should be: refcounts, refcount structures,
 * COPIED flags, the dirty mark. It never changes what the guest reads. Where a pointer leads nowhere, or two structures
 * claim one cluster, nobody knows whose it is: such an image is marked corrupt, and otherwise left as it is.
 *
 * <p>The order, each step durable before the next: mark dirty; write new refcounts where nothing lies; take away the COPIED
 * flags that the new ones contradict; point the header to the new ones, in one sector; set the COPIED flags that are
 * missing; take the mark away; give back what is free. So a crash leaves an image that is as good as before, and still
 * marked.
 */
public final class Qcow2Repair {

    private final BlockFile file;
    private final HeaderEditor header;

    private Qcow2Repair(BlockFile file) throws IOException {
        this.file = file;
        this.header = new HeaderEditor(file, new OrderedFile(file), Qcow2HeaderReader.read(file));
    }

    /** What to mend. */
    public enum Scope {
        /** Leaked clusters only, and only in an image that has no errors: else what looks leaked may be in use. */
        LEAKS,
        /** Everything. */
        ALL
    }

    /**
     * What was found, and what was left.
     *
     * @param before the report on the image as it was
     * @param after the report on it now; the same where there was nothing to do, or nothing that could be done
     */
    public record Outcome(CheckReport before, CheckReport after) {}

    /**
     * Repairs the image in {@code file}, which nobody else has open.
     *
     * @throws io.cowshed.engine.block.ImageException when its header or active L1 table is such that it cannot be opened at
     *     all, or its refcounts cannot hold what they should
     */
    public static Outcome repair(BlockFile file, Scope scope) throws IOException {
        return repair(file, scope, () -> {});
    }

    /**
     * As above, for one who may have enough of it.
     *
     * @param heed called for each L2 table of the disk while nothing is changed yet; what it throws ends the repair
     */
    public static Outcome repair(BlockFile file, Scope scope, Runnable heed) throws IOException {
        return new Qcow2Repair(file).run(scope, heed);
    }

    private Outcome run(Scope scope, Runnable heed) throws IOException {
        CheckReport before = Qcow2Check.check(file, heed);
        Features features = header.header().features();
        boolean marked = features.dirty() || features.corrupt();
        boolean needed = switch (scope) {
            case LEAKS -> before.errors() == 0 && before.leaks() > 0;
            case ALL -> !before.clean() || marked;
        };
        if (!needed) {
            return new Outcome(before, before);
        }
        if (before.clean()) {
            unmark();
            return new Outcome(before, before);
        }
        return new Outcome(before, mend());
    }

    private CheckReport mend() throws IOException {
        header.mark(Features.DIRTY, 0);
        header.clearUnknownAutoclear();
        file.flush();
        RefcountRebuild rebuild = new RefcountRebuild(file, header.header());
        Qcow2Header mended = rebuild.write();
        if (rebuild.problem().isEmpty()) {
            fixCopied(header.header(), mended, false);
            header.setRefcountTable(mended.refcountTableOffset(), mended.refcountTableClusters());
            file.flush();
            fixCopied(mended, mended, true);
        }
        CheckReport after = Qcow2Check.check(file);
        if (after.errors() > 0) {
            header.setCorrupt();
            file.flush();
            return after;
        }
        unmark();
        giveBack(mended);
        return after;
    }

    private void unmark() throws IOException {
        header.mark(0, Features.DIRTY | Features.CORRUPT);
        file.flush();
    }

    /**
     * Makes the COPIED flags of the disk's own tables agree with the refcounts of {@code counted}.
     *
     * @param set whether to set those that are missing, or to take away those that are wrong
     */
    private void fixCopied(Qcow2Header walked, Qcow2Header counted, boolean set) throws IOException {
        ClusterGeometry geometry = walked.geometry();
        RefcountReader refcounts = new RefcountReader(file, counted, geometry.refcountBlockEntries());
        new ReferenceWalk(file, walked, file.size()).run(new ReferenceWalk.Visitor() {
            @Override
            public void used(ClusterUse use, String structure, long position, long offset, long bytes) {}

            @Override
            public void active(ClusterUse use, long position, long offset, long entry) throws IOException {
                boolean single = use != ClusterUse.COMPRESSED && refcounts.refcount(geometry.clusterOf(offset)) == 1;
                if (L1Entry.isCopied(entry) != single && single == set) {
                    long fixed = entry ^ L1Entry.of(0);
                    file.write(
                            position,
                            ByteBuffer.allocate(Long.BYTES).putLong(fixed).flip());
                }
            }

            @Override
            public void damaged(String structure, long position, String problem) {}
        });
        file.flush();
    }

    /** Punches out what no cluster uses, and cuts off what follows the last. */
    private void giveBack(Qcow2Header counted) throws IOException {
        ClusterGeometry geometry = counted.geometry();
        int pageClusters = Math.min(ClusterUses.MAX_PAGE_CLUSTERS, geometry.refcountBlockEntries());
        RefcountReader refcounts = new RefcountReader(file, counted, pageClusters);
        long end = 0;
        for (long page = refcounts.nextPage(0); page != Long.MAX_VALUE; page = refcounts.nextPage(page + 1)) {
            long[] words = refcounts.page(page);
            for (int i = 0; words != null && i < pageClusters; i++) {
                if (RefcountBlock.get(words, i, geometry) != 0) {
                    long cluster = page * pageClusters + i;
                    punch(geometry.clusterStart(end), geometry.clusterStart(cluster));
                    end = cluster + 1;
                }
            }
        }
        if (file.size() > geometry.clusterStart(end)) {
            file.setSize(geometry.clusterStart(end));
        }
        file.flush();
    }

    private void punch(long start, long end) throws IOException {
        if (end > start && file.nextData(start) < end) {
            file.punchHole(start, end - start);
        }
    }
}
