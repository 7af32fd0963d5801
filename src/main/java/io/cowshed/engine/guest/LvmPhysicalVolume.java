package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A physical volume of LVM2: its label and the metadata of its volume group (LVM2, {@code lib/format_text/layout.h} and
 * {@code lib/label/label.h}). Areas of metadata are rings: the text may go on after their header.
 *
 * @param place where it is, in words
 * @param area its bytes
 * @param id its UUID, 32 letters
 * @param reserved what volumes must not lie in: the label and the areas of metadata
 * @param text the metadata; null where it has none, or is part of no volume group
 */
record LvmPhysicalVolume(
        String place,
        Area area,
        String id,
        List<Reserved> reserved,
        @Nullable String text) {

    private static final String LABEL = "the LVM label";
    private static final String METADATA = "the LVM metadata";
    private static final String LABEL_MAGIC = "LABELONE";
    private static final byte[] LABEL_TYPE = "LVM2 001".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] METADATA_MAGIC = " LVM2 x[5A%r0N*>".getBytes(StandardCharsets.US_ASCII);
    private static final int SECTOR = 512;
    private static final int LABEL_SECTORS = 4;
    private static final int FIRST_REGISTER = 0xf597_a6cf;
    private static final int ID_LENGTH = 32;
    private static final int LOCATIONS_OFFSET = 40;
    private static final int LOCATION_LENGTH = 24;
    private static final int FLAG_IGNORED = 1;

    /** Metadata of 1 MiB, the size of an area by default, is a few thousand volumes. */
    private static final int MAX_TEXT = 1 << 20;

    /**
     * A part that is LVM's own.
     *
     * @param start in the area, in bytes
     * @param length in bytes
     */
    record Reserved(long start, long length) {}

    static boolean isOn(Area area) throws IOException, LeftAloneException {
        return labelOffset(area) >= 0;
    }

    private static int labelOffset(Area area) throws IOException, LeftAloneException {
        for (int offset = 0; offset < LABEL_SECTORS * SECTOR; offset += SECTOR) {
            if (new Signature("LVM2", offset, LABEL_MAGIC).isOn(area)) {
                return offset;
            }
        }
        return -1;
    }

    static LvmPhysicalVolume read(String place, Area area) throws IOException, LeftAloneException {
        int at = labelOffset(area);
        ByteBuffer label = area.read(LABEL, at, SECTOR, ByteOrder.LITTLE_ENDIAN);
        int header = label.getInt(20);
        LeftAloneException.unless(
                label.getLong(8) == at / SECTOR
                        && label.getInt(16) == Crc32.IEEE.update(FIRST_REGISTER, label, 20, SECTOR - 20)
                        && label.slice(24, 8).equals(ByteBuffer.wrap(LABEL_TYPE))
                        && header >= 32
                        && header <= SECTOR - ID_LENGTH - 8,
                LABEL + " is damaged");
        label.position(header);
        byte[] id = new byte[ID_LENGTH];
        label.get(id);
        label.getLong();
        skipLocations(label);
        List<Reserved> reserved = new ArrayList<>();
        reserved.add(new Reserved(0, LABEL_SECTORS * SECTOR));
        String text = null;
        for (Reserved ring = location(label); ring != null; ring = location(label)) {
            reserved.add(ring);
            String found = text(area, ring);
            LeftAloneException.unless(
                    text == null || found == null || text.equals(found), "the copies of " + METADATA + " differ");
            text = text == null ? found : text;
        }
        return new LvmPhysicalVolume(place, area, new String(id, StandardCharsets.ISO_8859_1), reserved, text);
    }

    private static void skipLocations(ByteBuffer label) throws LeftAloneException {
        Reserved data = location(label);
        while (data != null) {
            data = location(label);
        }
    }

    private static @Nullable Reserved location(ByteBuffer label) throws LeftAloneException {
        LeftAloneException.unless(label.remaining() >= 2 * Long.BYTES, LABEL + " is damaged");
        long offset = label.getLong();
        long length = label.getLong();
        return offset == 0 ? null : new Reserved(offset, length);
    }

    /** The text that an area of metadata holds, or null where it holds none, or its copy is not to be used. */
    private static @Nullable String text(Area area, Reserved ring) throws IOException, LeftAloneException {
        LeftAloneException.unless(
                ring.start() >= SECTOR && ring.length() > SECTOR && area.contains(ring.start(), ring.length()),
                METADATA + " lies where it cannot");
        ByteBuffer header = area.read(METADATA, ring.start(), SECTOR, ByteOrder.LITTLE_ENDIAN);
        LeftAloneException.unless(
                header.getInt(0) == Crc32.IEEE.update(FIRST_REGISTER, header, 4, SECTOR - 4)
                        && header.slice(4, 16).equals(ByteBuffer.wrap(METADATA_MAGIC))
                        && header.getInt(20) == 1
                        && header.getLong(24) == ring.start()
                        && header.getLong(32) == ring.length(),
                METADATA + " is damaged");
        long offset = header.getLong(LOCATIONS_OFFSET);
        long length = header.getLong(LOCATIONS_OFFSET + 8);
        int flags = header.getInt(LOCATIONS_OFFSET + 20);
        LeftAloneException.unless(
                header.getLong(LOCATIONS_OFFSET + LOCATION_LENGTH) == 0, METADATA + " is about to be changed");
        if (offset == 0 || (flags & FLAG_IGNORED) != 0) {
            return null;
        }
        LeftAloneException.unless(
                offset >= SECTOR
                        && offset < ring.length()
                        && length > 0
                        && length <= Math.min(MAX_TEXT, ring.length() - SECTOR),
                METADATA + " lies where it cannot");
        int first = (int) Math.min(length, ring.length() - offset);
        ByteBuffer text = ByteBuffer.allocate((int) length);
        area.read(METADATA, ring.start() + offset, text.slice(0, first));
        area.read(METADATA, ring.start() + SECTOR, text.slice(first, (int) length - first));
        LeftAloneException.unless(
                Crc32.IEEE.update(FIRST_REGISTER, text, 0, (int) length) == header.getInt(LOCATIONS_OFFSET + 16),
                METADATA + " does not match its checksum");
        return new String(text.array(), StandardCharsets.ISO_8859_1);
    }
}
