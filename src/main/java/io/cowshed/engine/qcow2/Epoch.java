package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.WriteOrder.Action;
import io.cowshed.engine.qcow2.WriteOrder.Step;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * The changes between one commit of metadata and the next. In an epoch the guest's bytes go to the file at once, and
 * metadata changes in memory only. For one thread.
 */
final class Epoch {

    private final OrderedFile file;
    private final WriteOrder order;
    private final Refcounts refcounts;
    private final L2Tables tables;
    private final ClusterReleases releases;
    private final Map<Step, Action> actions;
    private boolean failed;

    Epoch(
            OrderedFile file,
            WriteOrder order,
            RefcountTable refcountTable,
            Refcounts refcounts,
            L2Tables tables,
            ClusterAllocator allocator,
            ClusterReleases releases) {
        this.file = file;
        this.order = order;
        this.refcounts = refcounts;
        this.tables = tables;
        this.releases = releases;
        this.actions = Map.of(
                Step.REFCOUNT_BLOCKS,
                refcounts::writeBlocks,
                Step.NEW_TABLES,
                () -> {
                    allocator.extendFile();
                    tables.writeNewTables();
                    refcountTable.writeNewTable();
                },
                Step.REFCOUNT_TABLE,
                refcountTable::writeEntries,
                Step.MAPPINGS,
                tables::writeMappings,
                Step.RELEASE,
                allocator::carryOutReleases);
    }

    /** Whether a commit failed: what is in memory and what is in the file may differ in any way. */
    boolean hasFailed() {
        return failed;
    }

    /** Ends the epoch when it takes up as much memory as it may. Between two changes, not within one. */
    void commitIfCrowded() throws IOException {
        if (tables.isCrowded() || refcounts.isCrowded() || releases.isCrowded()) {
            commit();
        }
    }

    /** Ends the epoch: all changes so far are on stable storage. */
    void commit() throws IOException {
        take(order.epoch());
    }

    /** Brings refcounts that the last epoch lowered to stable storage, too. */
    void settle() throws IOException {
        take(order.closing());
    }

    private void take(List<Step> steps) throws IOException {
        failed = true;
        WriteOrder.take(steps, file, actions);
        failed = false;
    }
}
