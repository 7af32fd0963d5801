package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.HeaderExtension;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.Qcow2Limits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tables that the bitmap directory (specification, "Bitmaps") names.
 *
 * @param regions the directory itself
 * @param tables the bitmaps' tables
 */
record BitmapDirectory(List<MetadataRegion> regions, List<MetadataRegion> tables) {

    static final String TABLE = "bitmap table";
    private static final String STRUCTURE = "bitmap directory";
    private static final int ENTRY_HEAD = 24;
    private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;

    /** Where the cluster of a bitmap's bits lies that a bitmap table's entry points to, 0 where all bits are alike. */
    static long clusterOffset(long entry) {
        return entry & OFFSET_MASK;
    }

    /** What is wrong with an entry of a bitmap table, or null. Without an offset, bit 0 says whether all bits are set. */
    static @Nullable String fault(long entry, ClusterGeometry geometry) {
        long offset = clusterOffset(entry);
        if (offset == 0 ? (entry & ~1L) != 0 : entry != offset) {
            return "reserved bits are set in an entry";
        }
        return geometry.isClusterAligned(offset)
                ? null
                : "an entry points to a cluster at " + offset + ", which is not cluster-aligned";
    }

    /** Bitmaps that are not said to be valid are none: whoever writes to the image next drops them. */
    static BitmapDirectory read(String file, long fileSize, Qcow2Header header, MetadataReader reader)
            throws IOException {
        if (!header.features().bitmapsValid()) {
            return new BitmapDirectory(List.of(), List.of());
        }
        HeaderExtension.Bitmaps extension = header.bitmaps();
        if (extension == null || extension.count() <= 0 || extension.count() > Qcow2Limits.MAX_BITMAPS) {
            throw new CorruptImageException(file, "bitmaps extension", 0, "it is missing or not well-formed");
        }
        long size = extension.directorySize();
        if (size <= 0 || size > Qcow2Limits.MAX_BITMAP_DIRECTORY_BYTES) {
            throw new CorruptImageException(
                    file, STRUCTURE, extension.directoryOffset(), "it is said to have " + size + " bytes");
        }
        MetadataRegion directory = new MetadataRegion(STRUCTURE, extension.directoryOffset(), size)
                .checked(file, fileSize, header.geometry());
        List<MetadataRegion> tables = new ArrayList<>();
        long position = directory.offset();
        for (int i = 0; i < extension.count(); i++) {
            ByteBuffer entry = reader.read(STRUCTURE, position, ENTRY_HEAD);
            long entries = Integer.toUnsignedLong(entry.getInt(8));
            if (entries > Qcow2Limits.MAX_BITMAP_TABLE_ENTRIES) {
                throw new CorruptImageException(file, STRUCTURE, position, "a bitmap of " + entries + " clusters");
            }
            if (entries > 0) {
                tables.add(new MetadataRegion(TABLE, entry.getLong(0), entries * Long.BYTES)
                        .checked(file, fileSize, header.geometry()));
            }
            long variable = Integer.toUnsignedLong(entry.getInt(20)) + Short.toUnsignedInt(entry.getShort(18));
            position += (ENTRY_HEAD + variable + 7) & ~7L;
            if (position - directory.offset() > size) {
                throw new CorruptImageException(file, STRUCTURE, position, "its entries run past its end");
            }
        }
        return new BitmapDirectory(List.of(directory), tables);
    }
}
