package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.RefcountTableEntry;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Whether an image has clusters allocated that its file has no space for yet ({@code preallocation=metadata}). Only then
 * is the file asked which data clusters are holes, as QEMU does: else most images would be asked for nothing. An image is
 * taken for such a one when its refcounts count at least a tenth, and two, more clusters than the file has space for.
 */
final class MetadataPreallocation {

    private static final int PIECE = 64 << 10;

    private final BlockFile file;
    private final Qcow2Header header;
    private final ClusterGeometry geometry;
    private State state = State.UNKNOWN;

    private enum State {
        UNKNOWN,
        THERE,
        NOT_THERE
    }

    MetadataPreallocation(BlockFile file, Qcow2Header header) {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
    }

    synchronized boolean isThere() throws IOException {
        if (state == State.UNKNOWN) {
            state = detect() ? State.THERE : State.NOT_THERE;
        }
        return state == State.THERE;
    }

    private boolean detect() throws IOException {
        long space = file.allocatedSize();
        long spaceClusters = space >>> geometry.clusterBits();
        long threshold = Math.max(spaceClusters + spaceClusters / 9, spaceClusters + 2);
        long clusters = geometry.clustersFor(file.size());
        if (clusters < threshold) {
            return false;
        }
        try {
            return countedClusters(clusters, threshold, space) >= threshold;
        } catch (CorruptImageException e) {
            // Damaged refcounts are no reason not to map what is readable.
            return false;
        }
    }

    /** Counts clusters in use, up to {@code enough}; refcount blocks that take more than the file's space repeat. */
    private long countedClusters(long clusters, long enough, long space) throws IOException {
        long blocks = Math.ceilDiv(clusters, geometry.refcountBlockEntries());
        long entries = Math.min(blocks, geometry.refcountTableEntries(header.refcountTableClusters()));
        long counted = 0;
        long blocksLeft = Math.max(1, space >>> geometry.clusterBits());
        for (long first = 0; first < entries; first += PIECE / Long.BYTES) {
            int words = (int) Math.min(PIECE / Long.BYTES, entries - first);
            ByteBuffer table = piece(header.refcountTableOffset() + first * Long.BYTES, words * Long.BYTES);
            for (int i = 0; i < words; i++) {
                long entry = table.getLong(i * Long.BYTES);
                if (entry != 0) {
                    if (RefcountTableEntry.fault(entry, geometry) != null || --blocksLeft < 0) {
                        return 0;
                    }
                    counted += countedInBlock(RefcountTableEntry.blockOffset(entry));
                    if (counted >= enough) {
                        return counted;
                    }
                }
            }
        }
        return counted;
    }

    private long countedInBlock(long block) throws IOException {
        long counted = 0;
        for (int done = 0; done < geometry.clusterSize(); done += PIECE) {
            ByteBuffer refcounts = piece(block + done, Math.min(PIECE, geometry.clusterSize()));
            while (refcounts.hasRemaining()) {
                counted += nonZero(refcounts.getLong());
            }
        }
        return counted;
    }

    /** How many refcounts of a 64-bit word are not 0. */
    private int nonZero(long word) {
        int bits = geometry.refcountBits();
        int count = 0;
        long mask = bits == Long.SIZE ? -1L : (1L << bits) - 1;
        for (long rest = word; rest != 0; rest = bits == Long.SIZE ? 0 : rest >>> bits) {
            count += (rest & mask) == 0 ? 0 : 1;
        }
        return count;
    }

    private ByteBuffer piece(long position, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        if (file.read(position, bytes) < length) {
            throw new CorruptImageException(file.name(), "refcounts", position, "the file ends within them");
        }
        return bytes.flip();
    }
}
