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

    /** What was promised beyond the content. */
    enum Promise {
        CONTENT,
        /** No space has leaked. */
        SETTLED,
        /** Nor is anything kept for what lies past the end of the disk, or of the file past the last cluster in use. */
        TRIMMED
    }

    private final List<Integer> sizes;
    private final byte[][][] sectors;
    private final List<String> backings;
    private final Promise promise;

    private Expectation(List<Integer> sizes, byte[][][] sectors, List<String> backings, Promise promise) {
        this.sizes = sizes;
        this.sectors = sectors;
        this.backings = backings;
        this.promise = promise;
    }

    /** Exactly this, on top of a file of this name; empty for none. */
    static Expectation of(byte[] disk, String backing) {
        byte[][][] sectors = new byte[disk.length / SECTOR][][];
        for (int i = 0; i < sectors.length; i++) {
            sectors[i] = new byte[][] {Arrays.copyOfRange(disk, i * SECTOR, (i + 1) * SECTOR)};
        }
        return new Expectation(List.of(disk.length), sectors, List.of(backing), Promise.CONTENT);
    }

    /** This, and {@code more} about the space it takes. */
    Expectation with(Promise more) {
        return new Expectation(sizes, sectors, backings, more);
    }

    Promise promise() {
        return promise;
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
        return new Expectation(sizes, more, backings, Promise.CONTENT);
    }

    /** Also a disk of another length; what it has more is zeros. */
    Expectation orOfSize(int size) {
        List<Integer> more = new ArrayList<>(sizes);
        more.add(size);
        int known = sectors.length;
        byte[][][] longer = Arrays.copyOf(sectors, Math.max(known, size / SECTOR));
        Arrays.fill(longer, known, longer.length, new byte[][] {new byte[SECTOR]});
        return new Expectation(List.copyOf(more), longer, backings, Promise.CONTENT);
    }

    /** Also on top of another file, which holds the same. */
    Expectation orOn(String backing) {
        List<String> more = new ArrayList<>(backings);
        more.add(backing);
        return new Expectation(sizes, sectors, List.copyOf(more), Promise.CONTENT);
    }

    /** What is wrong with a disk on top of {@code backing}, in words; empty if nothing. */
    String faultOf(byte[] disk, String backing) {
        if (!backings.contains(backing)) {
            return "it lies on " + backing + ", not on one of " + backings;
        }
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
