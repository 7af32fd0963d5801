package io.cowshed.engine.guest;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.DiskRanges;
import java.io.IOException;
import java.util.List;

/**
 * The parts of a disk that hold nothing a guest could miss: free blocks of ext2, ext3, ext4, XFS and FAT file systems, swap
 * space, and unallocated extents of LVM2, on the bare disk, in partitions (MBR, GPT) or in linear logical volumes. What lies
 * between partitions, and all that is not understood, damaged, in use, or in need of recovery, is none of these.
 *
 * <p>The disk must not change as long as this is used.
 */
public final class GuestSpace {

    /** How many findings are reported: a guest may write down hundreds of thousands of volumes. All are looked at. */
    public static final int MAX_FINDINGS = 1000;

    private final List<GuestFinding> findings;
    private final List<FreePiece> pieces;

    private GuestSpace(List<GuestFinding> findings, List<FreePiece> pieces) {
        this.findings = findings;
        this.pieces = pieces;
    }

    /**
     * Looks at a disk, whatever is on it: reads the metadata of all its file systems once.
     *
     * @throws io.cowshed.engine.block.ImageException when the image itself is damaged where it is read; what a guest may have
     *     written never has that effect
     */
    public static GuestSpace of(DiskImage disk) throws IOException {
        Survey survey = new Survey(disk);
        survey.run();
        return new GuestSpace(survey.findings(), survey.pieces());
    }

    /**
     * What was found and where, and the reasons for what is left alone: the first of these, at most {@value #MAX_FINDINGS}, and
     * at least one unless the disk is empty.
     */
    public List<GuestFinding> report() {
        return findings.subList(0, Math.min(findings.size(), MAX_FINDINGS));
    }

    /** How many bytes the free ranges have together. */
    public long freeBytes() {
        long bytes = 0;
        for (GuestFinding finding : findings) {
            bytes += switch (finding) {
                case GuestFinding.Understood understood -> understood.freeBytes();
                case GuestFinding.LeftAlone alone -> 0;
            };
        }
        return bytes;
    }

    /** The free ranges, from the beginning; it reads the metadata again. Neighbours are joined. */
    public DiskRanges ranges() {
        return new GuestRanges(pieces);
    }
}
