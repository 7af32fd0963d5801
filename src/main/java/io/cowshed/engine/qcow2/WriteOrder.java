package io.cowshed.engine.qcow2;

import static io.cowshed.engine.qcow2.WriteOrder.Step.BACKING_NAME;
import static io.cowshed.engine.qcow2.WriteOrder.Step.BACKING_POINTER;
import static io.cowshed.engine.qcow2.WriteOrder.Step.BARRIER;
import static io.cowshed.engine.qcow2.WriteOrder.Step.CLEAR_AUTOCLEAR;
import static io.cowshed.engine.qcow2.WriteOrder.Step.CORRUPT_BIT;
import static io.cowshed.engine.qcow2.WriteOrder.Step.EPOCH;
import static io.cowshed.engine.qcow2.WriteOrder.Step.MAPPINGS;
import static io.cowshed.engine.qcow2.WriteOrder.Step.NEW_TABLES;
import static io.cowshed.engine.qcow2.WriteOrder.Step.REFCOUNT_BLOCKS;
import static io.cowshed.engine.qcow2.WriteOrder.Step.REFCOUNT_TABLE;
import static io.cowshed.engine.qcow2.WriteOrder.Step.RELEASE;
import static io.cowshed.engine.qcow2.WriteOrder.Step.SIZE;
import static io.cowshed.engine.qcow2.WriteOrder.Step.TRUNCATE;
import static io.cowshed.engine.qcow2.WriteOrder.Step.UNMAP;
import static io.cowshed.engine.qcow2.WriteOrder.Step.ZERO_WHAT_IS_ADDED;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The order in which changes reach the file, so that whatever a crash leaves behind is an image. On stable storage, always:
 * no refcount is below the number of references; no pointer leads to content that is not there; a cluster is used again, or
 * its space given back, only when the write that dropped the last pointer to it is there. A step with nothing to do writes
 * nothing, and a barrier with nothing written before it costs nothing: a flush after overwriting in place is one flush of
 * the file, one after allocating is two.
 *
 * @param opening before the first change of an image: bitmaps, and what nobody here knows, cease to be valid
 * @param epoch makes durable what changed since the last time, the guest's bytes included. Those were written before, to
 *     clusters that no entry on stable storage points to, or in place. Where there is no room for new tables, that is found
 *     before their clusters are counted
 * @param closing after the last epoch: the refcounts it lowered
 * @param grow a longer L1 table, if needed, is part of the epoch: its content is a new table, the header's pointer a mapping
 * @param shrink the other way round
 * @param changeBacking what was written to stand for the old backing image is there first. A name that does not fit beside
 *     the header in the first sector, which alone is written at once, goes elsewhere before
 * @param corrupt when a write would have hit metadata: nothing is written after
 */
record WriteOrder(
        List<Step> opening,
        List<Step> epoch,
        List<Step> closing,
        List<Step> grow,
        List<Step> shrink,
        List<Step> changeBacking,
        List<Step> corrupt) {

    /** Each is one kind of write, but for {@link #BARRIER}. Writes within a step may reach the disk in any order. */
    enum Step {
        /** Everything written so far is on stable storage. */
        BARRIER,
        /** The header's autoclear bits become 0. */
        CLEAR_AUTOCLEAR,
        /** The raised refcounts, and those lowered by the epoch before; blocks that no table names yet. */
        REFCOUNT_BLOCKS,
        /** L2 tables, an L1 table and a refcount table that nothing points to yet. */
        NEW_TABLES,
        /** Entries of the refcount table that lead to new blocks, or the header's pointer to a new refcount table. */
        REFCOUNT_TABLE,
        /** Entries of L2 tables and of the L1 table, or the header's pointer to a new L1 table. */
        MAPPINGS,
        /** Refcounts of what is pointed to no more are lowered in memory; its space is given back, and may be used again. */
        RELEASE,
        /** What a longer disk would show of old data, or of the backing image, becomes zeros. */
        ZERO_WHAT_IS_ADDED,
        /** An epoch as a whole. */
        EPOCH,
        /** The header's size. */
        SIZE,
        /** Entries that map what lies past the end of the disk are dropped. */
        UNMAP,
        /** The file loses what is free at its end. */
        TRUNCATE,
        /** The backing file's name, where no header points yet. */
        BACKING_NAME,
        /** The header's pointer to the backing file's name, and its format. */
        BACKING_POINTER,
        /** The header's corrupt bit. */
        CORRUPT_BIT
    }

    /** The order that is right. */
    static final WriteOrder SAFE = new WriteOrder(
            List.of(CLEAR_AUTOCLEAR, BARRIER),
            List.of(NEW_TABLES, REFCOUNT_BLOCKS, BARRIER, REFCOUNT_TABLE, BARRIER, MAPPINGS, BARRIER, RELEASE),
            List.of(REFCOUNT_BLOCKS, BARRIER),
            List.of(ZERO_WHAT_IS_ADDED, EPOCH, SIZE, BARRIER),
            List.of(EPOCH, SIZE, BARRIER, UNMAP, EPOCH, REFCOUNT_BLOCKS, BARRIER, TRUNCATE, BARRIER),
            List.of(EPOCH, BACKING_NAME, BARRIER, BACKING_POINTER, BARRIER),
            List.of(CORRUPT_BIT, BARRIER));

    WriteOrder {
        opening = List.copyOf(opening);
        epoch = List.copyOf(epoch);
        closing = List.copyOf(closing);
        grow = List.copyOf(grow);
        shrink = List.copyOf(shrink);
        changeBacking = List.copyOf(changeBacking);
        corrupt = List.copyOf(corrupt);
    }

    /** What a step does. */
    @FunctionalInterface
    interface Action {
        void run() throws IOException;
    }

    /** Takes steps one after the other; {@code actions} has all of them but the barrier. */
    static void take(List<Step> steps, OrderedFile file, Map<Step, Action> actions) throws IOException {
        for (Step step : steps) {
            if (step == BARRIER) {
                file.barrier();
            } else {
                Objects.requireNonNull(actions.get(step), step::name).run();
            }
        }
    }
}
