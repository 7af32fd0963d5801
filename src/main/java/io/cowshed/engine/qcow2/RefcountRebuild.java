package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.Qcow2Limits;
import io.cowshed.engine.qcow2.format.RefcountBlock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Counts the references to every cluster, and writes them down as new refcount blocks and a new refcount table, after the
 * last cluster that is used: what the header points to is left alone until all of it is there.
 */
final class RefcountRebuild {

    private final BlockFile file;
    private final Qcow2Header header;
    private final ClusterGeometry geometry;

    /** The refcount blocks that are needed, by their place in the refcount table. */
    private final BitSet blocks = new BitSet();

    private final long[] blockWords;
    private long endOfUse;
    private int block = -1;
    private long blockOffset;
    private String problem = "";

    RefcountRebuild(BlockFile file, Qcow2Header header) {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.blockWords = new long[geometry.clusterSize() / Long.BYTES];
    }

    /** What keeps the references from being counted, in words; empty if nothing does. Known after {@link #write}. */
    String problem() {
        return problem;
    }

    /**
     * Writes the new refcounts, and flushes. Nothing is written when {@link #problem} is not empty then.
     *
     * @return the header that points to them
     * @throws UnsupportedImageException when the file is longer than a refcount table can count
     */
    Qcow2Header write() throws IOException {
        forEachReferenced((cluster, references) -> need(cluster));
        if (!problem.isEmpty()) {
            return header;
        }
        long start = endOfUse;
        int tableClusters = planOwnClusters(start);
        blockOffset = geometry.clusterStart(start);
        forEachReferenced(this::put);
        long tableOffset = geometry.clusterStart(start + blocks.cardinality());
        for (long own = start; own < start + blocks.cardinality() + tableClusters; own++) {
            put(own, 1);
        }
        writeBlock();
        writeTable(tableOffset, tableClusters, start);
        file.flush();
        return header.withRefcountTable(tableOffset, tableClusters);
    }

    @FunctionalInterface
    private interface Visitor {
        void visit(long cluster, long references) throws IOException;
    }

    private void forEachReferenced(Visitor visitor) throws IOException {
        ReferenceWalk walk = new ReferenceWalk(file, header, file.size());
        ClusterAccount account = new ClusterAccount(file, header, ClusterAccount.CLUSTERS_AT_ONCE);
        do {
            walk.run(new Uses(account));
            account.forEach((cluster, references, _, conflict) -> {
                if (!conflict.isEmpty()) {
                    problem = "the cluster at " + geometry.clusterStart(cluster) + " is used " + conflict;
                }
                if (references > 0) {
                    visitor.visit(cluster, references);
                }
            });
        } while (problem.isEmpty() && account.advance());
    }

    /** Everything but the refcounts of now, which are about to be replaced, damaged or not. */
    private final class Uses implements ReferenceWalk.Visitor {

        private final ClusterAccount account;

        Uses(ClusterAccount account) {
            this.account = account;
        }

        @Override
        public void used(ClusterUse use, String structure, long position, long offset, long bytes) {
            endOfUse = Math.max(endOfUse, geometry.clusterOf(offset + bytes - 1) + 1);
            if (!structure.equals(ReferenceWalk.REFCOUNT_TABLE)) {
                account.use(use, offset, bytes);
            }
        }

        @Override
        public void active(ClusterUse use, long position, long offset, long entry) {}

        @Override
        public void damaged(String structure, long position, String fault) {
            if (!structure.equals(ReferenceWalk.REFCOUNT_TABLE)) {
                problem = structure + " at offset " + position + ": " + fault;
            }
        }
    }

    private void need(long cluster) throws UnsupportedImageException {
        long index = cluster >>> geometry.refcountBlockBits();
        if (index >= Qcow2Limits.MAX_REFCOUNT_TABLE_BYTES / Long.BYTES) {
            throw new UnsupportedImageException(file.name(), "a file of more clusters than a refcount table can count");
        }
        blocks.set((int) index);
    }

    /** The new blocks and the table count themselves, which may need more of both. */
    private int planOwnClusters(long start) throws IOException {
        int tableClusters = 0;
        long end = start;
        while (true) {
            int needed = (int) geometry.clustersFor((long) blocks.length() * Long.BYTES);
            tableClusters = Math.max(tableClusters, needed);
            long newEnd = start + blocks.cardinality() + tableClusters;
            if (newEnd == end) {
                return tableClusters;
            }
            for (long own = end; own < newEnd; own++) {
                need(own);
            }
            end = newEnd;
        }
    }

    /** Clusters come in order, so a block is complete when the first of the next one comes. */
    private void put(long cluster, long references) throws IOException {
        int index = (int) (cluster >>> geometry.refcountBlockBits());
        if (index != block) {
            writeBlock();
            block = index;
        }
        if (Long.compareUnsigned(references, RefcountBlock.max(geometry)) > 0) {
            throw new UnsupportedImageException(
                    file.name(),
                    references + " references to a cluster in refcounts of " + geometry.refcountBits() + " bits");
        }
        int entry = (int) (cluster & (geometry.refcountBlockEntries() - 1));
        int word = RefcountBlock.word(entry, geometry);
        blockWords[word] = RefcountBlock.with(blockWords[word], entry, references, geometry);
    }

    private void writeBlock() throws IOException {
        if (block < 0) {
            return;
        }
        ByteBuffer bytes = ByteBuffer.allocate(geometry.clusterSize());
        bytes.asLongBuffer().put(blockWords);
        file.write(blockOffset, bytes);
        blockOffset += geometry.clusterSize();
        Arrays.fill(blockWords, 0);
    }

    private void writeTable(long offset, int clusters, long firstBlock) throws IOException {
        ByteBuffer table = ByteBuffer.allocate(geometry.clusterSize());
        int perCluster = geometry.clusterSize() / Long.BYTES;
        long next = geometry.clusterStart(firstBlock);
        for (int first = 0, written = 0; written < clusters; first += perCluster, written++) {
            for (int i = 0; i < perCluster; i++) {
                boolean there = blocks.get(first + i);
                table.putLong(there ? next : 0);
                next += there ? geometry.clusterSize() : 0;
            }
            file.write(offset + geometry.clusterStart(written), table.flip());
            table.clear();
        }
    }
}
