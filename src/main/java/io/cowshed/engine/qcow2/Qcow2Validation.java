package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.ClusterMapping;
import io.cowshed.engine.qcow2.format.L1Entry;
import io.cowshed.engine.qcow2.format.L2Entry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.RefcountTableEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Proves the structure of an untrusted image before anyone relies on it: every table is aligned, within the file, and on
 * clusters of its own; no entry points the guest at metadata, nor beyond the file. So a guest cannot edit its own tables,
 * and a table cannot be cut off. Whether refcounts are numerically right is not looked at.
 *
 * <p>Memory does not depend on the file's length: the file is judged in windows of {@value ClusterWindow#MAX_CLUSTERS}
 * clusters. Time is in proportion to the metadata that is really there; holes are passed over, and an L2 table that many
 * snapshots share is read once in each pass. What is mapped is held to what the file can hold, so that reading the disk
 * afterwards takes time in proportion to the file, too.
 */
public final class Qcow2Validation {

    private static final String L1 = "L1 table";
    private static final String L2 = "L2 table";
    private static final String REFCOUNT_TABLE = "refcount table";

    /** 8 PiB of file with 64 KiB clusters, 64 TiB with those of 512 bytes. */
    private static final int MAX_WINDOWS = 8192;

    private final BlockFile file;
    private final Qcow2Header header;
    private final ClusterGeometry geometry;
    private final long fileSize;
    private final MetadataReader reader;
    private final List<MetadataRegion> regions = new ArrayList<>();
    private final List<MetadataRegion> l1Tables = new ArrayList<>();
    private final List<MetadataRegion> bitmapTables;
    private final int windowClusters;
    private final BitSet windowsInUse = new BitSet();
    private final ClusterWindow metadata;
    private final ClusterWindow l2Tables;
    private final ClusterWindow scanned;
    private final MappedClusters mapped;

    private Qcow2Validation(BlockFile file, int windowClusters) throws IOException {
        this.file = file;
        this.windowClusters = windowClusters;
        this.header = Qcow2HeaderReader.read(file);
        this.geometry = header.geometry();
        this.fileSize = file.size();
        this.reader = new MetadataReader(file, fileSize);
        if (fileSize < geometry.clusterSize()) {
            throw new CorruptImageException(file.name(), "header", 0, "the file ends within its cluster");
        }
        long clusters = geometry.clustersFor(fileSize);
        if (clusters > (long) MAX_WINDOWS * windowClusters) {
            throw new UnsupportedImageException(file.name(), "a file of " + clusters + " clusters");
        }
        int window = (int) Math.min(clusters, windowClusters);
        this.metadata = new ClusterWindow(window);
        this.l2Tables = new ClusterWindow(window);
        this.scanned = new ClusterWindow(window);
        this.mapped = new MappedClusters(file.name(), fileSize, header);
        BitmapDirectory bitmaps = BitmapDirectory.read(file.name(), fileSize, header, reader);
        this.bitmapTables = bitmaps.tables();
        regions.addAll(bitmaps.regions());
        regions.addAll(bitmapTables);
        findTables();
    }

    /**
     * Validates the image in {@code file}; its backing files are not looked at.
     *
     * @return its header
     * @throws ImageException when the image is not sound, or uses what the engine refuses
     */
    public static Qcow2Header validate(BlockFile file) throws IOException {
        return validate(file, ClusterWindow.MAX_CLUSTERS);
    }

    /** Validates in windows of {@code windowClusters}, a multiple of 64. */
    static Qcow2Header validate(BlockFile file, int windowClusters) throws IOException {
        Qcow2Validation validation = new Qcow2Validation(file, windowClusters);
        validation.run();
        return validation.header;
    }

    private void findTables() throws IOException {
        if (header.l1Entries() > 0) {
            l1Tables.add(new MetadataRegion(L1, header.l1TableOffset(), header.l1TableBytes()));
        }
        regions.add(new MetadataRegion(REFCOUNT_TABLE, header.refcountTableOffset(), header.refcountTableBytes()));
        if (header.snapshotCount() > 0) {
            SnapshotTable snapshots = SnapshotTable.read(file.name(), header, reader);
            regions.add(new MetadataRegion("snapshot table", header.snapshotTableOffset(), snapshots.bytes()));
            l1Tables.addAll(snapshots.l1Tables());
        }
        regions.addAll(l1Tables);
        for (MetadataRegion region : regions) {
            region.checked(file.name(), fileSize, geometry);
        }
        refuseOverlappingRegions();
    }

    /** Comes before any table is walked: so the tables together are no longer than the file, however many there are. */
    private void refuseOverlappingRegions() throws CorruptImageException {
        List<MetadataRegion> inOrder = regions.stream()
                .sorted(Comparator.comparingLong(MetadataRegion::offset))
                .toList();
        long taken = 0;
        for (MetadataRegion region : inOrder) {
            long first = geometry.clusterOf(region.offset());
            if (first <= taken) {
                throw overlap(region.structure(), region.offset(), region.offset());
            }
            taken = geometry.clusterOf(region.offset() + region.bytes() - 1);
        }
    }

    private void run() throws IOException {
        findWindowsInUse();
        for (int window = windowsInUse.nextSetBit(0); window >= 0; window = windowsInUse.nextSetBit(window + 1)) {
            long start = (long) window * windowClusters;
            metadata.moveTo(start);
            l2Tables.moveTo(start);
            takeMetadata();
            checkDataAgainstWindow(start == 0);
        }
    }

    /** Where there is no metadata nothing can collide with it. */
    private void findWindowsInUse() throws IOException {
        windowsInUse.set(0);
        for (MetadataRegion region : regions) {
            windowsInUse.set(windowOf(region.offset()), windowOf(region.offset() + region.bytes() - 1) + 1);
        }
        forEachRefcountBlock((position, block) -> windowsInUse.set(windowOf(block)));
        for (MetadataRegion l1 : l1Tables) {
            forEachL2Table(l1, (position, table) -> windowsInUse.set(windowOf(table)));
        }
        forEachBitmapCluster((position, cluster) -> windowsInUse.set(windowOf(cluster)));
    }

    private int windowOf(long offset) {
        return Math.toIntExact(geometry.clusterOf(offset) / windowClusters);
    }

    private void takeMetadata() throws IOException {
        take("header", 0, 0);
        for (MetadataRegion region : regions) {
            long first = geometry.clusterOf(region.offset());
            long last = geometry.clusterOf(region.offset() + region.bytes() - 1);
            for (long cluster = first; cluster <= last; cluster++) {
                take(region.structure(), region.offset(), geometry.clusterStart(cluster));
            }
        }
        forEachRefcountBlock((position, block) -> take(REFCOUNT_TABLE, position, block));
        forEachBitmapCluster((position, cluster) -> take(BitmapDirectory.TABLE, position, cluster));
        for (MetadataRegion l1 : l1Tables) {
            // Snapshots share L2 tables with each other and with the disk, but no L1 table names one twice there.
            boolean shares = !l1.structure().equals(L1);
            forEachL2Table(l1, (position, table) -> {
                long cluster = geometry.clusterOf(table);
                if (!(shares && l2Tables.contains(cluster))) {
                    take(l1.structure(), position, table);
                    if (l2Tables.covers(cluster)) {
                        l2Tables.add(cluster);
                    }
                }
            });
        }
    }

    private void take(String structure, long position, long offset) throws CorruptImageException {
        long cluster = geometry.clusterOf(offset);
        if (metadata.covers(cluster) && !metadata.add(cluster)) {
            throw overlap(structure, position, offset);
        }
    }

    private CorruptImageException overlap(String structure, long position, long offset) {
        return new CorruptImageException(
                file.name(), structure, position, "it claims the cluster at " + offset + ", which is other metadata");
    }

    /** {@code first} is true on the first of the passes over all L2 tables. */
    private void checkDataAgainstWindow(boolean first) throws IOException {
        for (int window = windowsInUse.nextSetBit(0); window >= 0; window = windowsInUse.nextSetBit(window + 1)) {
            scanned.moveTo((long) window * windowClusters);
            for (MetadataRegion l1 : l1Tables) {
                // Snapshots share clusters with the disk, but no L1 table's disk has one in two places.
                boolean counted = first && l1.structure().equals(L1);
                forEachL2Table(l1, (position, table) -> {
                    long cluster = geometry.clusterOf(table);
                    if (scanned.covers(cluster) && scanned.add(cluster)) {
                        checkL2Table(table, counted);
                    }
                });
            }
        }
    }

    private void checkL2Table(long table, boolean counted) throws IOException {
        reader.forEachEntry(
                L2,
                table,
                geometry.l2Entries(),
                geometry.l2EntryWords(),
                (position, index, descriptor, subclusters) -> {
                    if (counted) {
                        mapped.count(position, descriptor);
                    }
                    checkL2Entry(position, descriptor, subclusters);
                });
    }

    private void checkL2Entry(long position, long descriptor, long subclusters) throws IOException {
        refuse(L2, position, L2Entry.fault(descriptor, subclusters, header));
        long offset = L2Entry.hostOffset(descriptor);
        long length = 1;
        if (L2Entry.mapping(descriptor, subclusters, 0, geometry)
                instanceof ClusterMapping.Compressed(long start, int bytes)) {
            offset = start;
            length = bytes;
        } else if (offset == 0) {
            return;
        }
        if (offset >= fileSize) {
            throw new CorruptImageException(
                    file.name(),
                    L2,
                    position,
                    "a cluster is said to lie at " + offset + ", beyond the end of the file");
        }
        long last = geometry.clusterOf(offset + length - 1);
        for (long cluster = geometry.clusterOf(offset); cluster <= last; cluster++) {
            if (metadata.contains(cluster)) {
                throw new CorruptImageException(
                        file.name(),
                        L2,
                        position,
                        "a cluster of the disk is said to lie at " + offset + ", on metadata");
            }
        }
    }

    /** Takes the offset of a cluster that an entry at {@code position} points to. */
    @FunctionalInterface
    private interface PointerVisitor {
        void visit(long position, long offset) throws IOException;
    }

    private void forEachL2Table(MetadataRegion l1, PointerVisitor visitor) throws IOException {
        reader.forEachEntry(l1.structure(), l1.offset(), l1.entries(), 1, (position, index, entry, none) -> {
            refuse(l1.structure(), position, L1Entry.fault(entry, geometry));
            visitCluster(l1.structure(), position, L1Entry.l2TableOffset(entry), visitor);
        });
    }

    private void forEachRefcountBlock(PointerVisitor visitor) throws IOException {
        long entries = geometry.refcountTableEntries(header.refcountTableClusters());
        reader.forEachEntry(
                REFCOUNT_TABLE, header.refcountTableOffset(), entries, 1, (position, index, entry, none) -> {
                    refuse(REFCOUNT_TABLE, position, RefcountTableEntry.fault(entry, geometry));
                    visitCluster(REFCOUNT_TABLE, position, RefcountTableEntry.blockOffset(entry), visitor);
                });
    }

    private void forEachBitmapCluster(PointerVisitor visitor) throws IOException {
        for (MetadataRegion table : bitmapTables) {
            reader.forEachEntry(
                    BitmapDirectory.TABLE, table.offset(), table.entries(), 1, (position, index, entry, none) -> {
                        refuse(BitmapDirectory.TABLE, position, BitmapDirectory.fault(entry, geometry));
                        visitCluster(BitmapDirectory.TABLE, position, BitmapDirectory.clusterOffset(entry), visitor);
                    });
        }
    }

    /** All that is pointed to here is a whole cluster of metadata, and must be there whole. */
    private void visitCluster(String structure, long position, long offset, PointerVisitor visitor) throws IOException {
        if (offset == 0) {
            return;
        }
        if (!geometry.isClusterAligned(offset)) {
            throw new CorruptImageException(
                    file.name(), structure, position, "it points to " + offset + ", which is not cluster-aligned");
        }
        if (offset > fileSize - geometry.clusterSize()) {
            throw new CorruptImageException(
                    file.name(), structure, position, "it points to " + offset + ", beyond the end of the file");
        }
        visitor.visit(position, offset);
    }

    private void refuse(String structure, long position, @Nullable String fault) throws CorruptImageException {
        if (fault != null) {
            throw new CorruptImageException(file.name(), structure, position, fault);
        }
    }
}
