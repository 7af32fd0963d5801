package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/**
 * Bytes by which something is known that is on a disk.
 *
 * @param kind what it is
 * @param offset where they are, in bytes; from the end of the area where it is negative
 * @param bytes at least one, each a letter of ISO 8859-1
 */
record Signature(String kind, long offset, String bytes) {

    /** What this package does not understand, and only has to recognise. Offsets and bytes are those of libblkid. */
    static final List<Signature> FOREIGN = List.of(
            text("btrfs", 0x1_0040, "_BHRfS_M"),
            hex("LUKS", 0, "4c554b53babe"),
            hex("LUKS", 0x4000, "534b554cbabe"),
            hex("Linux RAID", 0, "fc4e2ba9"),
            hex("Linux RAID", 4096, "fc4e2ba9"),
            hex("DDF RAID", -512, "de11de11"),
            text("Intel RAID", -1024, "Intel Raid ISM Cfg Sig"),
            hex("DRBD", -4036, "8374026b"),
            hex("DRBD", -4036, "8374026c"),
            hex("DRBD", -4036, "8374026d"),
            hex("bcache", 4120, "c68573f64e1a45ca8265f57f48ba6d81"),
            hex("bcachefs", 4120, "c68573f666ce90a9d96a60cf803df7ef"),
            text("NTFS", 3, "NTFS    "),
            text("exFAT", 3, "EXFAT   "),
            text("ReFS", 3, "ReFS"),
            text("BitLocker", 3, "-FVE-FS-"),
            hex("F2FS", 1024, "1020f5f2"),
            text("squashfs", 0, "hsqs"),
            hex("EROFS", 1024, "e2e1f5e0"),
            text("verity hashes", 0, "verity\0\0"),
            text("ISO 9660", 0x8001, "CD001"),
            text("UDF", 0x8001, "BEA01"),
            text("HFS+", 1024, "H+\0\u0004"),
            text("HFSX", 1024, "HX\0\u0005"),
            text("APFS", 32, "NXSB"),
            text("JFS", 0x8000, "JFS1"),
            text("ReiserFS", 0x1_0034, "ReIsEr"),
            text("LVM1", 0, "HM\u0001\0"),
            hex("GFS2", 0x1_0000, "01161970"),
            text("OCFS2", 0x2000, "OCFSV2"),
            text("Stratis", 0x204, "!Stra0tis\u0086"),
            text("Ceph BlueStore", 0, "bluestore block device"),
            hex("VDO", 0, "646d766430303031"),
            hex("VMFS", 0x10_0000, "0dd001c0"),
            hex("UFS", 0x255c, "54190100"),
            hex("UFS2", 0x1_055c, "19015419"),
            text("hibernated guest", 4086, "S1SUSPEND"),
            text("hibernated guest", 4086, "S2SUSPEND"),
            text("hibernated guest", 4086, "ULSUSPEND"),
            text("hibernated guest", 4086, "LINHIB0001"),
            text("swap of version 0", 4086, "SWAP-SPACE"));

    private static Signature text(String kind, long offset, String bytes) {
        return new Signature(kind, offset, bytes);
    }

    /** @param bytes two digits for each */
    static Signature hex(String kind, long offset, String bytes) {
        return new Signature(kind, offset, new String(HexFormat.of().parseHex(bytes), StandardCharsets.ISO_8859_1));
    }

    boolean isOn(Area area) throws IOException, LeftAloneException {
        long at = offset < 0 ? area.length() + offset : offset;
        if (!area.contains(at, bytes.length())) {
            return false;
        }
        byte[] there = area.read(kind, at, bytes.length(), ByteOrder.BIG_ENDIAN).array();
        return new String(there, StandardCharsets.ISO_8859_1).equals(bytes);
    }
}
