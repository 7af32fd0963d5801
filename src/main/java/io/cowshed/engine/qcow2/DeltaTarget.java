package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.OrderedWork;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import java.io.IOException;
import java.util.function.LongConsumer;

/**
 * The image that a delta becomes, which takes its clusters in guest order. What the source has in a file as the guest reads
 * it goes to its place by the kernel, in a few threads; the place is settled before. For one thread.
 */
final class DeltaTarget implements AutoCloseable {

    /** Some milliseconds' work: an interrupt is heeded after it. */
    private static final int PIECE = 2 << 20;

    private final DiskImage source;
    private final BlockFile file;
    private final ClusterGeometry geometry;
    private final FreshDisk disk;
    private final OrderedWork<Long> copies;
    private final LongConsumer progress;
    private long zeros;
    private long equal;

    /** {@code file} is empty; {@code disk} is made in it. */
    DeltaTarget(
            DiskImage source,
            BlockFile file,
            ClusterGeometry geometry,
            FreshDisk disk,
            int threads,
            LongConsumer progress) {
        this.source = source;
        this.file = file;
        this.geometry = geometry;
        this.disk = disk;
        this.copies = new OrderedWork<>("delta-copy", threads);
        this.progress = progress;
    }

    /** Takes clusters that read as zeros whatever lies below. */
    void zeros(long start, long end) throws IOException {
        for (long at = start; at < end; at += geometry.clusterSize()) {
            disk.zero(at);
        }
    }

    /** Takes clusters as they are in the source, unread; {@code end} is that of a cluster, or of the disk. */
    void copy(long start, long end) throws IOException, InterruptedException {
        for (long at = start; at < end; ) {
            FreshDisk.Room room = disk.reserve(at, Math.min(PIECE, end - at));
            long from = at;
            long length = Math.min(room.length(), end - at);
            long own = Math.min(length, source.virtualSize() - from);
            if (copies.isFull()) {
                progress.accept(copies.take());
            }
            copies.give(() -> {
                source.copyTo(from, own, file, room.offset());
                return length;
            });
            at += length;
        }
    }

    /** Takes clusters that were looked at. */
    void put(DeltaPiece piece) throws IOException, InterruptedException {
        long done = 0;
        for (int i = 0; i < piece.count(); ) {
            int end = i;
            while (end < piece.count() && piece.isLeftToCopy(end)) {
                end++;
            }
            if (end > i) {
                copy(piece.startOf(i), piece.endOf(end - 1));
                i = end;
            } else {
                put(piece, i);
                done += piece.lengthOf(i);
                i++;
            }
        }
        progress.accept(done);
    }

    private void put(DeltaPiece piece, int index) throws IOException {
        switch (piece.verdict(index)) {
            case ZEROS_OVER_ZEROS -> zeros += piece.ownOf(index);
            case ZEROS -> {
                zeros += piece.ownOf(index);
                disk.zero(piece.startOf(index));
            }
            case EQUAL -> equal += piece.ownOf(index);
            case DATA -> piece.writeTo(disk, index);
        }
    }

    /** Returns when all that was taken is in the file. */
    void await() throws IOException, InterruptedException {
        while (!copies.isEmpty()) {
            progress.accept(copies.take());
        }
    }

    /** Bytes that the source's topmost image holds, and that turned out to be zeros. */
    long zeroBytes() {
        return zeros;
    }

    /** Bytes that the source's topmost image holds, and that turned out to be what lies below. */
    long equalBytes() {
        return equal;
    }

    /** Gives up what is under way. */
    @Override
    public void close() {
        copies.close();
    }
}
