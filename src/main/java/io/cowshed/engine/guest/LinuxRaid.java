package io.cowshed.engine.guest;

import java.io.IOException;

/**
 * Members of Linux's software RAID whose superblock is at the end, so that what is mirrored seems to lie there bare (kernel,
 * {@code include/uapi/linux/raid/md_p.h}; {@code super_90_load} and {@code super_1_load} of {@code drivers/md/md.c}).
 */
final class LinuxRaid {

    static final String KIND = "Linux RAID";

    private static final String MAGIC = "fc4e2ba9";
    private static final long RESERVED_90 = 64 << 10;
    private static final long FROM_END_1 = 8 << 10;
    private static final long ALIGNMENT_1 = 4 << 10;
    private static final long SECTOR = 512;

    private LinuxRaid() {}

    static boolean isOn(Area area) throws IOException, LeftAloneException {
        long sectors = area.length() / SECTOR * SECTOR;
        return isAt(area, sectors / RESERVED_90 * RESERVED_90 - RESERVED_90)
                || isAt(area, (sectors - FROM_END_1) / ALIGNMENT_1 * ALIGNMENT_1);
    }

    private static boolean isAt(Area area, long offset) throws IOException, LeftAloneException {
        return offset >= 0 && Signature.hex(KIND, offset, MAGIC).isOn(area);
    }
}
