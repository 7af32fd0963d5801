package io.cowshed.engine.proof;

import java.io.IOException;
import java.util.List;

/**
 * One thing that is done to a disk, at places where a {@link Sample} holds what its name says.
 *
 * @param name what it is
 * @param action does it; the number is the cluster size
 */
record Operation(String name, Action action) {

    /** Changes a disk of clusters of a given size. */
    @FunctionalInterface
    interface Action {
        void run(TrackedDisk disk, int cluster) throws IOException;
    }

    static final Operation FLUSH = new Operation("flush", (disk, _) -> disk.flush());

    static final List<Operation> ALL = List.of(
            new Operation("write within a cluster", (disk, c) -> disk.write(c / 4 + 7, c / 2)),
            new Operation("write two clusters", (disk, c) -> disk.write(0, 2 * c)),
            new Operation("write the head of a new cluster", (disk, c) -> disk.write(5 * c, c / 2)),
            new Operation("write the middle of a new cluster", (disk, c) -> disk.write(5 * c + c / 4, c / 2)),
            new Operation("write the tail of a new cluster", (disk, c) -> disk.write(5 * c + c / 2, c / 2)),
            new Operation("write two and a half new clusters", (disk, c) -> disk.write(5 * c + c / 2, 5 * c / 2)),
            new Operation("write over zeros", (disk, c) -> disk.write(2 * c + c / 4, c / 2)),
            new Operation("write over a compressed cluster", (disk, c) -> disk.write(3 * c + c / 4, c / 2)),
            new Operation("write over all at once", (disk, c) -> disk.write(c / 2, 6 * c)),
            new Operation("write at the end", (disk, c) -> disk.write(Math.max(0, disk.size() - 5 * c / 2), 5 * c / 2)),
            new Operation("zero data", (disk, c) -> disk.writeZeros(0, 2 * c)),
            new Operation("zero half of two clusters", (disk, c) -> disk.writeZeros(c / 2 + 3, c)),
            new Operation("zero what is unallocated", (disk, c) -> disk.writeZeros(5 * c, 2 * c)),
            new Operation("discard data", (disk, c) -> disk.discard(0, 2 * c)),
            new Operation("discard compressed clusters", (disk, c) -> disk.discard(3 * c, 2 * c)),
            new Operation("discard all", (disk, _) -> disk.discard(0, disk.size())),
            FLUSH,
            new Operation("grow", (disk, c) -> disk.resize(disk.size() + 3 * c + SectorFile.SECTOR)),
            new Operation("shrink", (disk, c) -> disk.resize(4 * c)),
            new Operation("shrink within a cluster", (disk, c) -> disk.resize(c + SectorFile.SECTOR)),
            new Operation("store what lies below", (disk, _) -> disk.fill()),
            new Operation("uncover what lies below", (disk, _) -> disk.uncover()),
            new Operation("store it, flush, uncover it and cut the file", (disk, _) -> {
                disk.fill();
                disk.flush();
                disk.uncover();
                disk.trim();
            }),
            new Operation("change the backing file", (disk, _) -> disk.changeBacking(Sample.OTHER_NAME)),
            new Operation("give the backing file a long name", (disk, _) -> disk.changeBacking(Sample.LONG_NAME)));

    @Override
    public String toString() {
        return name;
    }
}
