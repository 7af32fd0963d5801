package io.cowshed.engine.qcow2.format;

/**
 * The sizes that follow from a header's cluster size, kind of L2 entries and refcount width: every shift of the format is
 * here. Offsets and sizes are in bytes.
 *
 * @param clusterBits log2 of the cluster size, {@value Qcow2Limits#MIN_CLUSTER_BITS} to {@value Qcow2Limits#MAX_CLUSTER_BITS}
 * @param extendedL2 whether L2 entries are 16 bytes and divide their cluster into {@value #SUBCLUSTERS} subclusters
 * @param refcountOrder log2 of the width of a refcount in bits, 0 to {@value Qcow2Limits#MAX_REFCOUNT_ORDER}
 */
public record ClusterGeometry(int clusterBits, boolean extendedL2, int refcountOrder) {

    /** Subclusters in a cluster with extended L2 entries. */
    public static final int SUBCLUSTERS = 32;

    private static final int SUBCLUSTER_BITS = 5;
    private static final int WORD_BITS = 3;

    /** @throws IllegalArgumentException when a value is outside its range, or subclusters would be below 512 bytes */
    public ClusterGeometry {
        if (clusterBits < Qcow2Limits.MIN_CLUSTER_BITS || clusterBits > Qcow2Limits.MAX_CLUSTER_BITS) {
            throw new IllegalArgumentException("cluster_bits " + clusterBits);
        }
        if (extendedL2 && clusterBits - SUBCLUSTER_BITS < Qcow2Limits.MIN_CLUSTER_BITS) {
            throw new IllegalArgumentException("extended L2 entries with cluster_bits " + clusterBits);
        }
        if (refcountOrder < 0 || refcountOrder > Qcow2Limits.MAX_REFCOUNT_ORDER) {
            throw new IllegalArgumentException("refcount_order " + refcountOrder);
        }
    }

    /** Whether {@link #ClusterGeometry} would accept these cluster bits and kind of L2 entries. */
    static boolean allowsClusters(int clusterBits, boolean extendedL2) {
        int least = Qcow2Limits.MIN_CLUSTER_BITS + (extendedL2 ? SUBCLUSTER_BITS : 0);
        return clusterBits >= least && clusterBits <= Qcow2Limits.MAX_CLUSTER_BITS;
    }

    public int clusterSize() {
        return 1 << clusterBits;
    }

    /** Subclusters in a cluster: 1 without extended L2 entries. */
    public int subclustersPerCluster() {
        return extendedL2 ? SUBCLUSTERS : 1;
    }

    /** log2 of {@link #subclusterSize()}. */
    public int subclusterBits() {
        return extendedL2 ? clusterBits - SUBCLUSTER_BITS : clusterBits;
    }

    /** The unit in which a disk is mapped: the cluster size without extended L2 entries. */
    public int subclusterSize() {
        return 1 << subclusterBits();
    }

    /** 64-bit words in an L2 entry. */
    public int l2EntryWords() {
        return extendedL2 ? 2 : 1;
    }

    /** Entries in an L2 table, which fills one cluster. */
    public int l2Entries() {
        return 1 << l2Bits();
    }

    private int l2Bits() {
        return clusterBits - WORD_BITS - (extendedL2 ? 1 : 0);
    }

    /** Bytes of the disk that one L1 entry, that is one L2 table, maps. */
    public long l2Coverage() {
        return 1L << (clusterBits + l2Bits());
    }

    /** The index in the L1 table of what maps a guest offset. */
    public int l1Index(long guestOffset) {
        return Math.toIntExact(guestOffset >>> (clusterBits + l2Bits()));
    }

    /** The index, in its L2 table, of the entry that maps a guest offset. */
    public int l2Index(long guestOffset) {
        return (int) (guestOffset >>> clusterBits) & (l2Entries() - 1);
    }

    /** The subcluster, within its cluster, that a guest offset lies in. */
    public int subclusterIndex(long guestOffset) {
        return (int) (guestOffset >>> subclusterBits()) & (subclustersPerCluster() - 1);
    }

    public int offsetInCluster(long offset) {
        return (int) offset & (clusterSize() - 1);
    }

    public boolean isClusterAligned(long offset) {
        return offsetInCluster(offset) == 0;
    }

    /** The number of the cluster, of the disk or of the file, that an offset lies in. */
    public long clusterOf(long offset) {
        return offset >>> clusterBits;
    }

    /** The offset at which a cluster begins. */
    public long clusterStart(long cluster) {
        return cluster << clusterBits;
    }

    /** Clusters needed for {@code bytes}, which must not be negative. */
    public long clustersFor(long bytes) {
        return (bytes >>> clusterBits) + (offsetInCluster(bytes) == 0 ? 0 : 1);
    }

    /** L1 entries needed for a disk of {@code virtualSize} bytes, which must not be negative. */
    public long l1EntriesFor(long virtualSize) {
        int shift = clusterBits + l2Bits();
        return (virtualSize >>> shift) + ((virtualSize & (l2Coverage() - 1)) == 0 ? 0 : 1);
    }

    /** Width of a refcount in bits. */
    public int refcountBits() {
        return 1 << refcountOrder;
    }

    /** log2 of {@link #refcountBlockEntries()}. */
    public int refcountBlockBits() {
        return clusterBits + WORD_BITS - refcountOrder;
    }

    /** Refcounts in a refcount block, which fills one cluster. */
    public int refcountBlockEntries() {
        return 1 << refcountBlockBits();
    }

    /** Entries of a refcount table that fills {@code clusters} clusters. */
    public int refcountTableEntries(int clusters) {
        return Math.multiplyExact(clusters, clusterSize() / Long.BYTES);
    }
}
