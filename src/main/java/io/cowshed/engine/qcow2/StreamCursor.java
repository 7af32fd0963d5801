package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.L1Entry;
import io.cowshed.engine.qcow2.format.L2Entry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Produces the bytes of a {@link StreamedImage} in order, from any of them on. Metadata is made a cluster at a time; L2
 * tables, and then the data, each follow one pass over the runs of clusters. For one thread.
 */
final class StreamCursor {

    private final StreamedImage plan;
    private final ClusterGeometry geometry;
    private final PaddedDisk disk;
    private final ByteBuffer metadata;
    private final long dataOffset;
    private long held = -1;
    private long position;

    /** The L2 table that comes next, by its number, and by the index of its L1 entry. */
    private long nextTable;

    private int nextTableIndex;

    /** The entry of the L1 table that is next to be written, of those that point to an L2 table. */
    private int l1Index;

    private long tablesBeforeL1Index;
    private @Nullable RunPass tables;
    private @Nullable RunPass data;

    StreamCursor(StreamedImage plan, long position) {
        this.plan = plan;
        this.geometry = plan.geometry();
        this.disk = new PaddedDisk(plan.image());
        this.position = position;
        this.dataOffset = geometry.clusterStart(plan.dataStart());
        this.metadata = ByteBuffer.allocate(position < dataOffset ? geometry.clusterSize() : 0);
        this.nextTableIndex = plan.nextL2Table(0);
        this.l1Index = nextTableIndex;
    }

    /** Fills what remains of {@code target}, which must not go past the end of the image. */
    void read(ByteBuffer target) throws IOException {
        int limit = target.limit();
        while (target.hasRemaining()) {
            int before = target.position();
            if (position < dataOffset) {
                readMetadata(target);
            } else {
                readData(target);
            }
            target.limit(limit);
            position += target.position() - before;
        }
    }

    private void readMetadata(ByteBuffer target) throws IOException {
        long cluster = geometry.clusterOf(position);
        if (cluster != held) {
            produce(cluster);
            held = cluster;
        }
        int within = geometry.offsetInCluster(position);
        int count = Math.min(target.remaining(), geometry.clusterSize() - within);
        target.put(target.position(), metadata, within, count);
        target.position(target.position() + count);
    }

    private void produce(long cluster) throws IOException {
        MemorySegment.ofBuffer(metadata).fill((byte) 0);
        if (cluster == 0) {
            ByteBuffer header = plan.header();
            metadata.put(0, header, 0, header.remaining());
        } else if (cluster < plan.refcounts().end()) {
            plan.refcounts().fill(cluster, metadata);
        } else if (cluster < plan.l2Start()) {
            produceL1(cluster - plan.refcounts().end());
        } else {
            produceL2(cluster - plan.l2Start());
        }
    }

    private void produceL1(long clusterOfTable) {
        int words = geometry.clusterSize() / Long.BYTES;
        int first = Math.toIntExact(clusterOfTable * words);
        for (; l1Index >= 0 && l1Index - first < words; l1Index = plan.nextL2Table(l1Index + 1)) {
            if (l1Index >= first) {
                long table = geometry.clusterStart(plan.l2Start() + tablesBeforeL1Index);
                metadata.putLong((l1Index - first) * Long.BYTES, L1Entry.of(table));
            }
            tablesBeforeL1Index++;
        }
    }

    private void produceL2(long table) throws IOException {
        RunPass pass = tables;
        if (pass == null) {
            pass = new RunPass(plan.runs());
            tables = pass;
        }
        for (; nextTable < table; nextTable++) {
            nextTableIndex = plan.nextL2Table(nextTableIndex + 1);
        }
        long first = (long) nextTableIndex * geometry.l2Entries();
        long end = first + geometry.l2Entries();
        ClusterRuns.Run run = pass.runAt(first);
        while (run != null && run.first() < end) {
            long runData = plan.dataStart() + pass.dataBefore();
            for (long cluster = Math.max(first, run.first()); cluster < Math.min(end, run.end()); cluster++) {
                long entry = run.zero()
                        ? L2Entry.zero()
                        : L2Entry.data(geometry.clusterStart(runData + cluster - run.first()));
                metadata.putLong((int) (cluster - first) * Long.BYTES, entry);
            }
            run = run.end() < end ? pass.runAt(run.end()) : null;
        }
    }

    private void readData(ByteBuffer target) throws IOException {
        RunPass pass = data;
        if (pass == null) {
            pass = new RunPass(plan.runs());
            data = pass;
        }
        long inData = position - dataOffset;
        ClusterRuns.Run run = pass.dataRun(geometry.clusterOf(inData));
        long intoRun = inData - geometry.clusterStart(pass.dataBefore());
        long guest = geometry.clusterStart(run.first()) + intoRun;
        long most = geometry.clusterStart(run.count()) - intoRun;
        target.limit(target.position() + (int) Math.min(target.remaining(), most));
        disk.read(guest, target);
    }
}
