package io.cowshed.engine.guest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The partitions of a disk, whichever table it has. */
final class Partitions {

    private Partitions() {}

    /**
     * Reads the table.
     *
     * @return the partitions in the order of their numbers; none where there is no table
     * @throws LeftAloneException when there is a table, and nothing that it says can be relied on
     */
    static List<Partition> read(Area disk) throws IOException, LeftAloneException {
        List<Mbr.Entry> entries = Mbr.primary(disk);
        boolean isProtective = entries.stream().anyMatch(Mbr.Entry::isProtective);
        boolean hasHeader = Gpt.isOn(disk);
        if (!isProtective && !hasHeader) {
            return judged(Mbr.partitions(disk, entries), disk.length());
        }
        LeftAloneException.unless(hasHeader, "the GPT that its MBR speaks of is not there");
        LeftAloneException.unless(isProtective, "it has a GPT, and an MBR that does not say so");
        List<Partition> partitions = new ArrayList<>();
        for (Partition partition : Gpt.partitions(disk)) {
            partitions.add(agreesWithHybrid(partition, entries));
        }
        return judged(partitions, disk.length());
    }

    /** A hybrid MBR repeats some of the partitions: one that it has otherwise means something else to somebody. */
    private static Partition agreesWithHybrid(Partition partition, List<Mbr.Entry> entries) {
        for (Mbr.Entry entry : entries) {
            boolean touches = entry.start() < partition.end() && partition.start() < entry.end();
            boolean same = entry.start() == partition.start() && entry.end() == partition.end();
            if (!entry.isProtective() && touches && !same) {
                return partition.leftAlone("the MBR has something else there");
            }
        }
        return partition;
    }

    /** Leaves alone what overlaps, with each other or with the table, and what the disk is too short for. */
    private static List<Partition> judged(List<Partition> partitions, long diskLength) {
        List<Partition> sorted = new ArrayList<>(partitions);
        sorted.sort(Comparator.comparingLong(Partition::start));
        List<Partition> judged = new ArrayList<>();
        Partition furthest = null;
        for (Partition partition : sorted) {
            Partition seen = partition;
            if (seen.end() > diskLength) {
                seen = seen.leftAlone("it reaches beyond the end of the disk");
            }
            if (seen.start() == 0) {
                seen = seen.leftAlone("it overlaps the partition table");
            }
            if (furthest != null && furthest.overlaps(seen)) {
                seen = seen.leftAlone(overlap(furthest));
                Partition last = furthest;
                Partition first = seen;
                judged.replaceAll(one -> one.number() == last.number() ? one.leftAlone(overlap(first)) : one);
            }
            judged.add(seen);
            if (furthest == null || seen.end() > furthest.end()) {
                furthest = seen;
            }
        }
        judged.sort(Comparator.comparingInt(Partition::number));
        return judged;
    }

    private static String overlap(Partition other) {
        return "it overlaps partition " + other.number();
    }
}
