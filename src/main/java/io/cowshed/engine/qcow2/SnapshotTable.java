package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.Qcow2Limits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the snapshot table (specification, "Snapshots") lies, and the L1 tables it names.
 *
 * @param bytes its length, found by walking it
 * @param l1Tables of the snapshots that have one
 */
record SnapshotTable(long bytes, List<MetadataRegion> l1Tables) {

    private static final String STRUCTURE = "snapshot table";
    private static final int ENTRY_HEAD = 40;

    static SnapshotTable read(String file, Qcow2Header header, MetadataReader reader) throws IOException {
        long start = header.snapshotTableOffset();
        long position = start;
        long end = start;
        List<MetadataRegion> l1Tables = new ArrayList<>();
        for (int i = 0; i < header.snapshotCount(); i++) {
            ByteBuffer entry = reader.read(STRUCTURE, position, ENTRY_HEAD);
            long l1Entries = Integer.toUnsignedLong(entry.getInt(8));
            long extra = Integer.toUnsignedLong(entry.getInt(36));
            if (l1Entries > Qcow2Limits.MAX_L1_ENTRIES) {
                throw new CorruptImageException(
                        file, STRUCTURE, position, "a snapshot's L1 table has " + l1Entries + " entries");
            }
            if (extra > Qcow2Limits.MAX_SNAPSHOT_EXTRA_BYTES) {
                throw new CorruptImageException(
                        file, STRUCTURE, position, "a snapshot has " + extra + " bytes of extra data");
            }
            if (l1Entries > 0) {
                l1Tables.add(new MetadataRegion("snapshot's L1 table", entry.getLong(0), l1Entries * Long.BYTES));
            }
            int strings = Short.toUnsignedInt(entry.getShort(12)) + Short.toUnsignedInt(entry.getShort(14));
            end = position + ENTRY_HEAD + extra + strings;
            position = (end + 7) & ~7L;
            if (position - start > Qcow2Limits.MAX_SNAPSHOT_TABLE_BYTES) {
                throw new CorruptImageException(file, STRUCTURE, start, "it is too long");
            }
        }
        // QEMU does not write the padding of the last entry, with which a file may end.
        return new SnapshotTable(end - start, l1Tables);
    }
}
