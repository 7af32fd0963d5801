package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The metadata of an image that is neither its L1 and L2 tables nor its refcounts. */
final class MetadataRegions {

    private MetadataRegions() {}

    /**
     * Adds header, snapshot table, snapshots' L1 tables, bitmap directory and bitmap tables to the map of metadata.
     *
     * @throws CorruptImageException when one of them is damaged, or they overlap
     */
    static void claim(BlockFile file, Qcow2Header header, MetadataMap metadata) throws IOException {
        long fileSize = file.size();
        MetadataReader reader = new MetadataReader(file, fileSize);
        List<MetadataRegion> regions = new ArrayList<>();
        if (header.snapshotCount() > 0) {
            SnapshotTable snapshots = SnapshotTable.read(file.name(), header, reader);
            regions.add(new MetadataRegion("snapshot table", header.snapshotTableOffset(), snapshots.bytes()));
            regions.addAll(snapshots.l1Tables());
        }
        BitmapDirectory bitmaps = BitmapDirectory.read(file.name(), fileSize, header, reader);
        regions.addAll(bitmaps.regions());
        regions.addAll(bitmaps.tables());
        metadata.add(0);
        for (MetadataRegion region : regions) {
            region.checked(file.name(), fileSize, header.geometry()).claim(file.name(), header.geometry(), metadata);
        }
    }
}
