package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.ClusterMapping;
import io.cowshed.engine.qcow2.format.L1Entry;
import io.cowshed.engine.qcow2.format.L2Entry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.RefcountTableEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Goes over everything in an image that points to a cluster, and tells a visitor of each pointer, and of each structure
 * that cannot be followed. Nothing is trusted: what is damaged is left out, and the rest is still gone over.
 */
final class ReferenceWalk {

    static final String L1 = "L1 table";
    static final String L2 = "L2 table";
    static final String REFCOUNT_TABLE = "refcount table";
    static final String SNAPSHOT_L1 = "snapshot's L1 table";

    /** Entries that may be visited for each word of the file: as many as there are snapshots that share its tables, or so. */
    private static final long VISITS_PER_WORD = 64;

    /** Some seconds' worth of entries: small images with more snapshots than that are a trap. */
    private static final long VISITS = 1L << 28;

    private final BlockFile file;
    private final Qcow2Header header;
    private final ClusterGeometry geometry;
    private final long fileSize;
    private final MetadataReader reader;
    private long visitsLeft;

    /** Is told what is found. */
    interface Visitor {

        /**
         * Something that takes up clusters of the file.
         *
         * @param structure that says so
         * @param position where in the file it says so
         * @param offset of the first byte, within the file
         * @param bytes at least 1; they may run past the end of the file
         */
        void used(ClusterUse use, String structure, long position, long offset, long bytes);

        /**
         * An entry of the active L1 table, or of an L2 table of the disk itself, that says whether what it points to is
         * its own. {@link #used} was called for it.
         *
         * @param entry the word that has the COPIED flag
         */
        void active(ClusterUse use, long position, long offset, long entry) throws IOException;

        /** A structure that cannot be followed: what it points to, if anything, remains unknown. */
        void damaged(String structure, long position, String problem);
    }

    ReferenceWalk(BlockFile file, Qcow2Header header, long fileSize) throws IOException {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.fileSize = fileSize;
        this.reader = new MetadataReader(file, fileSize);
        this.visitsLeft = VISITS + VISITS_PER_WORD * (file.allocatedSize() / Long.BYTES);
    }

    /**
     * Walks once over the whole image.
     *
     * @throws UnsupportedImageException when its tables are shared by so many snapshots that it would take minutes
     */
    void run(Visitor visitor) throws IOException {
        visitor.used(ClusterUse.METADATA, "header", 0, 0, geometry.clusterSize());
        List<MetadataRegion> regions = new ArrayList<>();
        regions.add(new MetadataRegion(REFCOUNT_TABLE, header.refcountTableOffset(), header.refcountTableBytes()));
        if (header.l1Entries() > 0) {
            regions.add(new MetadataRegion(L1, header.l1TableOffset(), header.l1TableBytes()));
        }
        addSnapshots(regions, visitor);
        addBitmaps(regions, visitor);
        for (MetadataRegion region : apart(regions, visitor)) {
            visitor.used(ClusterUse.METADATA, region.structure(), region.offset(), region.offset(), region.bytes());
            follow(region, visitor);
        }
    }

    private void addSnapshots(List<MetadataRegion> regions, Visitor visitor) throws IOException {
        if (header.snapshotCount() == 0) {
            return;
        }
        try {
            SnapshotTable snapshots = SnapshotTable.read(file.name(), header, reader);
            regions.add(new MetadataRegion("snapshot table", header.snapshotTableOffset(), snapshots.bytes()));
            regions.addAll(snapshots.l1Tables());
        } catch (CorruptImageException e) {
            visitor.damaged(e.structure(), e.offset(), e.problem());
        }
    }

    private void addBitmaps(List<MetadataRegion> regions, Visitor visitor) throws IOException {
        try {
            BitmapDirectory bitmaps = BitmapDirectory.read(file.name(), fileSize, header, reader);
            regions.addAll(bitmaps.regions());
            regions.addAll(bitmaps.tables());
        } catch (CorruptImageException e) {
            visitor.damaged(e.structure(), e.offset(), e.problem());
        }
    }

    /**
     * Those that lie within the file and apart from each other: so together they are no longer than the file. The first of
     * two that overlap counts; the refcount table gives way to all others, because it can be made anew.
     */
    private List<MetadataRegion> apart(List<MetadataRegion> regions, Visitor visitor) {
        NavigableMap<Long, MetadataRegion> sound = new TreeMap<>();
        Comparator<MetadataRegion> order =
                Comparator.comparing(region -> region.structure().equals(REFCOUNT_TABLE));
        for (MetadataRegion region : regions.stream()
                .sorted(order.thenComparingLong(MetadataRegion::offset))
                .toList()) {
            try {
                region.checked(file.name(), fileSize, geometry);
            } catch (CorruptImageException e) {
                visitor.damaged(region.structure(), region.offset(), e.problem());
                continue;
            }
            if (overlaps(region, sound)) {
                visitor.damaged(region.structure(), region.offset(), "it overlaps another table");
            } else {
                sound.put(region.offset(), region);
            }
        }
        return List.copyOf(sound.values());
    }

    private boolean overlaps(MetadataRegion region, NavigableMap<Long, MetadataRegion> others) {
        Map.Entry<Long, MetadataRegion> before = others.floorEntry(region.offset());
        Long after = others.ceilingKey(region.offset());
        return (before != null && lastCluster(before.getValue()) >= geometry.clusterOf(region.offset()))
                || (after != null && lastCluster(region) >= geometry.clusterOf(after));
    }

    private long lastCluster(MetadataRegion region) {
        return geometry.clusterOf(region.offset() + region.bytes() - 1);
    }

    private void follow(MetadataRegion region, Visitor visitor) throws IOException {
        switch (region.structure()) {
            case REFCOUNT_TABLE -> followRefcountTable(region, visitor);
            case L1 -> followL1(region, true, visitor);
            case SNAPSHOT_L1 -> followL1(region, false, visitor);
            case BitmapDirectory.TABLE -> followBitmap(region, visitor);
            default -> {
                // Snapshot table and bitmap directory: what they point to are regions themselves.
            }
        }
    }

    private void followRefcountTable(MetadataRegion table, Visitor visitor) throws IOException {
        reader.forEachEntry(table.structure(), table.offset(), table.entries(), 1, (position, _, entry, _) -> {
            long block = RefcountTableEntry.blockOffset(entry);
            String fault = RefcountTableEntry.fault(entry, geometry);
            if (fault == null && block != 0) {
                fault = outside(block);
            }
            if (fault != null) {
                visitor.damaged(table.structure(), position, fault);
            } else if (block != 0) {
                visitor.used(ClusterUse.METADATA, table.structure(), position, block, geometry.clusterSize());
            }
        });
    }

    private void followL1(MetadataRegion l1, boolean active, Visitor visitor) throws IOException {
        ClusterUse use = active ? ClusterUse.ACTIVE_L2_TABLE : ClusterUse.SNAPSHOT_L2_TABLE;
        reader.forEachEntry(l1.structure(), l1.offset(), l1.entries(), 1, (position, _, entry, _) -> {
            long table = L1Entry.l2TableOffset(entry);
            String fault = L1Entry.fault(entry, geometry);
            if (fault == null && table != 0) {
                fault = outside(table);
            }
            if (fault != null) {
                visitor.damaged(l1.structure(), position, fault);
            } else if (table != 0) {
                visitor.used(use, l1.structure(), position, table, geometry.clusterSize());
                if (active) {
                    visitor.active(use, position, table, entry);
                }
                followL2(table, active, visitor);
            }
        });
    }

    private void followL2(long table, boolean active, Visitor visitor) throws IOException {
        reader.forEachEntry(
                L2, table, geometry.l2Entries(), geometry.l2EntryWords(), (position, _, descriptor, subclusters) -> {
                    if (--visitsLeft < 0) {
                        throw new UnsupportedImageException(
                                file.name(), "tables shared by more snapshots than can be gone through");
                    }
                    String fault = L2Entry.fault(descriptor, subclusters, header);
                    if (fault != null) {
                        visitor.damaged(L2, position, fault);
                    } else if (L2Entry.isCompressed(descriptor)) {
                        followCompressed(position, descriptor, active, visitor);
                    } else if (L2Entry.hostOffset(descriptor) != 0) {
                        followData(position, descriptor, active, visitor);
                    }
                });
    }

    private void followData(long position, long descriptor, boolean active, Visitor visitor) throws IOException {
        long offset = L2Entry.hostOffset(descriptor);
        if (offset >= fileSize) {
            visitor.damaged(L2, position, "a cluster is said to lie at " + offset + ", beyond the end of the file");
            return;
        }
        visitor.used(ClusterUse.DATA, L2, position, offset, geometry.clusterSize());
        if (active) {
            visitor.active(ClusterUse.DATA, position, offset, descriptor);
        }
    }

    /** The last sector may be cut short by the end of the file, and older versions of QEMU counted one too many. */
    private void followCompressed(long position, long descriptor, boolean active, Visitor visitor) throws IOException {
        if (!(L2Entry.mapping(descriptor, 0, 0, geometry)
                instanceof ClusterMapping.Compressed(long offset, int length))) {
            throw new IllegalArgumentException("not a compressed cluster: " + descriptor);
        }
        if (offset >= fileSize || geometry.clusterOf(offset + length - 1) > geometry.clusterOf(fileSize - 1)) {
            visitor.damaged(
                    L2, position, "a compressed cluster is said to lie at " + offset + ", beyond the end of the file");
            return;
        }
        visitor.used(ClusterUse.COMPRESSED, L2, position, offset, length);
        if (active) {
            visitor.active(ClusterUse.COMPRESSED, position, offset, descriptor);
        }
    }

    private void followBitmap(MetadataRegion table, Visitor visitor) throws IOException {
        reader.forEachEntry(table.structure(), table.offset(), table.entries(), 1, (position, _, entry, _) -> {
            String fault = BitmapDirectory.fault(entry, geometry);
            long cluster = BitmapDirectory.clusterOffset(entry);
            if (fault == null && cluster != 0) {
                fault = outside(cluster);
            }
            if (fault != null) {
                visitor.damaged(table.structure(), position, fault);
            } else if (cluster != 0) {
                visitor.used(ClusterUse.METADATA, table.structure(), position, cluster, geometry.clusterSize());
            }
        });
    }

    /** What is wrong with where a whole cluster of metadata is said to lie, or null. */
    private @Nullable String outside(long offset) {
        return offset > fileSize - geometry.clusterSize()
                ? "an entry points to " + offset + ", beyond the end of the file"
                : null;
    }
}
