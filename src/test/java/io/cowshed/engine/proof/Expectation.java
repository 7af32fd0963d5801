package io.cowshed.engine.proof;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a disk may hold after a power cut: of each sector, what was promised last, or what some change since then put there.
 * Immutable.
 */
final class Expectation {

    private static final int SECTOR = SectorFile.SECTOR;

    private final List<Integer> sizes;
    private final byte[][][] sectors;
    private final boolean settled;

    private Expectation(List<Integer> sizes, byte[][][] sectors, boolean settled) {
        this.sizes = sizes;
        this.sectors = sectors;
        this.settled = settled;
    }

    /** Exactly this. */
    static Expectation of(byte[] disk) {
        byte[][][] sectors = new byte[disk.length / SECTOR][][];
        for (int i = 0; i < sectors.length; i++) {
            sectors[i] = new byte[][] {Arrays.copyOfRange(disk, i * SECTOR, (i + 1) * SECTOR)};
        }
        return new Expectation(List.of(disk.length), sectors, false);
    }

    /** This, and no space has leaked either. */
    Expectation settled() {
        return new Expectation(sizes, sectors, true);
    }

    boolean isSettled() {
        return settled;
    }

    /** Also what {@code disk} holds in sectors that any byte of {@code from} to {@code to} lies in. */
    Expectation or(byte[] disk, int from, int to) {
        byte[][][] more = sectors.clone();
        for (int i = from / SECTOR; i < Math.ceilDiv(to, SECTOR); i++) {
            byte[] sector = Arrays.copyOfRange(disk, i * SECTOR, (i + 1) * SECTOR);
            if (Arrays.stream(more[i]).noneMatch(known -> Arrays.equals(known, sector))) {
                more[i] = Arrays.copyOf(more[i], more[i].length + 1);
                more[i][more[i].length - 1] = sector;
            }
        }
        return new Expectation(sizes, more, false);
    }

    /** Also a disk of another length; what it has more is zeros. */
    Expectation orOfSize(int size) {
        List<Integer> more = new ArrayList<>(sizes);
        more.add(size);
        int known = sectors.length;
        byte[][][] longer = Arrays.copyOf(sectors, Math.max(known, size / SECTOR));
        Arrays.fill(longer, known, longer.length, new byte[][] {new byte[SECTOR]});
        return new Expectation(List.copyOf(more), longer, false);
    }

    /** What is wrong with a disk, in words; empty if nothing. */
    String faultOf(byte[] disk) {
        if (!sizes.contains(disk.length)) {
            return "the disk is " + disk.length + " bytes long, not one of " + sizes;
        }
        for (int i = 0; i < disk.length / SECTOR; i++) {
            if (!isAllowed(disk, i)) {
                return "the sector at %d begins with %s, which is none of the %d things it may hold: %s"
                        .formatted(
                                i * SECTOR,
                                start(disk, i * SECTOR),
                                sectors[i].length,
                                Arrays.stream(sectors[i])
                                        .map(sector -> start(sector, 0))
                                        .toList());
            }
        }
        return "";
    }

    private boolean isAllowed(byte[] disk, int index) {
        for (byte[] sector : sectors[index]) {
            if (Arrays.equals(disk, index * SECTOR, (index + 1) * SECTOR, sector, 0, SECTOR)) {
                return true;
            }
        }
        return false;
    }

    private static String start(byte[] bytes, int from) {
        return Arrays.toString(Arrays.copyOfRange(bytes, from, from + 4));
    }
}
