package io.cowshed.engine.qcow2;

/** What a cluster of the file is used for. */
enum ClusterUse {
    /** Header, L1 tables, refcounts, snapshot table, bitmaps: each has its clusters for itself. */
    METADATA(1, "metadata"),
    /** An L2 table of the disk itself: snapshots may share it, the disk uses it once. */
    ACTIVE_L2_TABLE(2, "an L2 table"),
    /** An L2 table of a snapshot. */
    SNAPSHOT_L2_TABLE(4, "a snapshot's L2 table"),
    /** A cluster of the disk or a snapshot, as it is read. */
    DATA(8, "data"),
    /** Compressed clusters, several of which may share one cluster of the file. */
    COMPRESSED(16, "compressed data");

    private final int bit;
    private final String words;

    ClusterUse(int bit, String words) {
        this.bit = bit;
        this.words = words;
    }

    /** To complete "it is used as …". */
    String words() {
        return words;
    }

    /** What it is in a sum of uses. */
    int bit() {
        return bit;
    }

    /** Whether a cluster may be used so when it has {@code others} already, a sum of bits. */
    boolean goesWith(int others) {
        return switch (this) {
            case METADATA -> others == 0;
            case ACTIVE_L2_TABLE -> (others & ~SNAPSHOT_L2_TABLE.bit()) == 0;
            case SNAPSHOT_L2_TABLE -> (others & ~(SNAPSHOT_L2_TABLE.bit() | ACTIVE_L2_TABLE.bit())) == 0;
            case DATA -> (others & ~DATA.bit()) == 0;
            case COMPRESSED -> (others & ~COMPRESSED.bit()) == 0;
        };
    }
}
