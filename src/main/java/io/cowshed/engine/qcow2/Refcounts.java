package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.RefcountBlock;
import java.io.IOException;

/**
 * The refcounts of the file's clusters (specification, "Host cluster management"), as they will be. Changes stay in memory
 * until they are written. What no block counts is free. For one thread.
 */
final class Refcounts {

    private static final String BLOCK = "refcount block";

    private final RefcountTable table;
    private final TableCache blocks;
    private final MetadataMap metadata;
    private final ClusterReleases releases;
    private final CorruptionMark corruption;
    private final ClusterGeometry geometry;

    Refcounts(
            OrderedFile file,
            RefcountTable table,
            MetadataMap metadata,
            ClusterReleases releases,
            CorruptionMark corruption,
            ClusterGeometry geometry) {
        this.table = table;
        this.blocks = new TableCache(file, BLOCK, geometry.clusterSize());
        this.metadata = metadata;
        this.releases = releases;
        this.corruption = corruption;
        this.geometry = geometry;
    }

    /** How often a cluster is used, as an unsigned number; 0 when it is free. */
    long get(long cluster) throws IOException {
        long block = table.blockOffset(blockOf(cluster));
        return block == 0 ? 0 : RefcountBlock.get(blocks.at(block).words(), indexInBlock(cluster), geometry);
    }

    /** Sets the refcount of a cluster that {@link #isCounted}. */
    void set(long cluster, long refcount) throws IOException {
        MetadataTable block = blocks.at(table.blockOffset(blockOf(cluster)));
        int index = indexInBlock(cluster);
        int word = RefcountBlock.word(index, geometry);
        blocks.set(block, word, RefcountBlock.with(block.words()[word], index, refcount, geometry));
    }

    /** Whether there is a block for this cluster. */
    boolean isCounted(long cluster) throws IOException {
        return table.blockOffset(blockOf(cluster)) != 0;
    }

    /** The first free cluster from {@code cluster} on. */
    long nextFree(long cluster) throws IOException {
        long next = cluster;
        while (true) {
            long block = table.blockOffset(blockOf(next));
            if (block == 0) {
                return next;
            }
            long[] words = blocks.at(block).words();
            int entries = geometry.refcountBlockEntries();
            for (int index = indexInBlock(next); index < entries; index++) {
                if (RefcountBlock.get(words, index, geometry) == 0) {
                    return next;
                }
                next++;
            }
        }
    }

    /** Free clusters from {@code cluster} on that are counted, at most {@code most}. */
    int freeRun(long cluster, int most) throws IOException {
        int count = 0;
        while (count < most && isCounted(cluster + count) && get(cluster + count) == 0) {
            count++;
        }
        return count;
    }

    /** Makes the block for a cluster that has none: in the first of the clusters that it counts, itself among them. */
    void count(long cluster) throws IOException {
        long block = blockOf(cluster);
        if (block < table.blocks()) {
            long first = block << geometry.refcountBlockBits();
            addBlock((int) block, first);
            set(first, 1);
        } else {
            extend(0);
        }
    }

    /**
     * Takes clusters in a row past all that is counted, with the blocks that count them, and a longer table where there is
     * no room for these. A table that grows goes to such a place, too: nothing there is counted elsewhere.
     *
     * @return the first of them
     */
    long extend(int clusters) throws IOException {
        int firstBlock = table.blocksInUse();
        int newBlocks = 0;
        int tableClusters = 0;
        while (true) {
            long total = (long) newBlocks + tableClusters + clusters;
            int needed = Math.max(1, Math.toIntExact(Math.ceilDiv(total, geometry.refcountBlockEntries())));
            int neededTable = firstBlock + needed > table.blocks() ? table.grownClusters(firstBlock + needed) : 0;
            if (needed <= newBlocks && neededTable <= tableClusters) {
                break;
            }
            newBlocks = Math.max(needed, newBlocks);
            tableClusters = Math.max(neededTable, tableClusters);
        }
        long start = (long) firstBlock << geometry.refcountBlockBits();
        if (tableClusters > 0) {
            moveTable(start + newBlocks, tableClusters);
        }
        for (int i = 0; i < newBlocks; i++) {
            addBlock(firstBlock + i, start + i);
        }
        long total = (long) newBlocks + tableClusters + clusters;
        for (long cluster = start; cluster < start + total; cluster++) {
            set(cluster, 1);
        }
        return start + newBlocks + tableClusters;
    }

    private void moveTable(long cluster, int clusters) throws IOException {
        long old = geometry.clusterOf(table.offset());
        for (long i = 0; i < table.clusters(); i++) {
            releases.add(old + i);
        }
        for (long i = 0; i < clusters; i++) {
            claim(RefcountTable.STRUCTURE, cluster + i);
        }
        table.moveTo(geometry.clusterStart(cluster), clusters);
    }

    private void addBlock(int block, long cluster) throws IOException {
        claim(BLOCK, cluster);
        long offset = geometry.clusterStart(cluster);
        blocks.add(offset, new long[geometry.clusterSize() / Long.BYTES]);
        table.setBlock(block, offset);
    }

    private void claim(String structure, long cluster) throws IOException {
        if (!metadata.add(cluster)) {
            throw corruption.set(structure, geometry.clusterStart(cluster), "a free cluster holds other metadata");
        }
    }

    boolean isCrowded() {
        return blocks.isCrowded();
    }

    /** Writes the blocks that changed. */
    void writeBlocks() throws IOException {
        blocks.write(_ -> true);
    }

    private long blockOf(long cluster) {
        return cluster >>> geometry.refcountBlockBits();
    }

    private int indexInBlock(long cluster) {
        return (int) cluster & (geometry.refcountBlockEntries() - 1);
    }
}
