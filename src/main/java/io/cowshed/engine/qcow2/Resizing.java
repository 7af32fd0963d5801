package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.qcow2.WriteOrder.Action;
import io.cowshed.engine.qcow2.WriteOrder.Step;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.L2EntryState;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/** Makes a disk longer or shorter. For one thread. */
final class Resizing {

    private final OrderedFile file;
    private final WriteOrder order;
    private final HeaderEditor header;
    private final ClusterGeometry geometry;
    private final Refcounts refcounts;
    private final ClusterAllocator allocator;
    private final L2Tables tables;
    private final Epoch epoch;
    private final GuestZeros zeros;

    Resizing(
            OrderedFile file,
            WriteOrder order,
            HeaderEditor header,
            Refcounts refcounts,
            ClusterAllocator allocator,
            L2Tables tables,
            Epoch epoch,
            GuestZeros zeros) {
        this.file = file;
        this.order = order;
        this.header = header;
        this.geometry = header.header().geometry();
        this.refcounts = refcounts;
        this.allocator = allocator;
        this.tables = tables;
        this.epoch = epoch;
        this.zeros = zeros;
    }

    /**
     * Refuses what cannot be resized, before anything is written.
     *
     * @throws UnsupportedImageException when there are internal snapshots, which in version 2 do not know how long their
     *     disk was, and whose clusters a shorter disk could not give back
     */
    void check(long virtualSize) throws IOException {
        if (virtualSize < 0 || virtualSize % HeaderEditor.SECTOR != 0) {
            throw new IllegalArgumentException("a virtual size of " + virtualSize + " bytes");
        }
        if (virtualSize > FreshImage.mostBytes(geometry)) {
            throw new ImageTooLargeException(file.name(), FreshImage.mostBytes(geometry));
        }
        Qcow2Header now = header.header();
        if (now.snapshotCount() > 0 && (now.version() < 3 || virtualSize < now.virtualSize())) {
            throw new UnsupportedImageException(file.name(), "resizing an image with internal snapshots");
        }
    }

    /** Changes the size to one that was checked, durably. */
    void resize(long virtualSize) throws IOException {
        long before = header.header().virtualSize();
        Map<Step, Action> actions = new EnumMap<>(Step.class);
        actions.put(Step.EPOCH, epoch::commit);
        actions.put(Step.SIZE, () -> header.setSize(virtualSize));
        if (virtualSize >= before) {
            actions.put(Step.ZERO_WHAT_IS_ADDED, () -> add(before, virtualSize));
            WriteOrder.take(order.grow(), file, actions);
        } else {
            actions.put(Step.UNMAP, () -> unmap(virtualSize));
            actions.put(Step.REFCOUNT_BLOCKS, refcounts::writeBlocks);
            actions.put(Step.TRUNCATE, allocator::truncate);
            WriteOrder.take(order.shrink(), file, actions);
        }
    }

    /** A disk that was shortened before, or not by us, may still map what lay past its end: that becomes zeros, too. */
    private void add(long before, long after) throws IOException {
        int entries = FreshImage.l1Entries(geometry, after);
        if (entries > tables.l1Entries()) {
            tables.lengthenL1(entries);
        }
        zeros.zero(before, after, after);
    }

    /** Drops all entries for clusters wholly past the end of the disk. */
    private void unmap(long virtualSize) throws IOException {
        long coverage = geometry.l2Coverage();
        int firstTable = geometry.l1Index(virtualSize);
        for (int index = firstTable; index < tables.l1Entries(); index++) {
            epoch.commitIfCrowded();
            long inTable = index == firstTable ? virtualSize & (coverage - 1) : 0;
            if (tables.readable(index) != null) {
                unmapFrom(Math.toIntExact(geometry.clustersFor(inTable)), index);
                if (inTable == 0) {
                    tables.drop(index);
                }
            }
        }
    }

    private void unmapFrom(int first, int l1Index) throws IOException {
        MetadataTable table = tables.writable(l1Index);
        for (int index = first; index < geometry.l2Entries(); index++) {
            L2EntryState entry = tables.entry(table, index);
            if (!entry.equals(L2EntryState.NONE)) {
                tables.release(table, index, entry);
                tables.set(table, index, L2EntryState.NONE, false);
            }
        }
    }
}
