package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The pieces of one copy: as many as are in use at a time, made when they are first needed. For one thread. */
final class DeltaPieces implements AutoCloseable {

    private final ClusterGeometry geometry;
    private final @Nullable CompressionType compression;
    private final MemorySegment zeros;
    private final List<DeltaPiece> all = new ArrayList<>();
    private final Deque<DeltaPiece> idle = new ArrayDeque<>();
    private @Nullable DeltaPiece open;

    DeltaPieces(ClusterGeometry geometry, @Nullable CompressionType compression) {
        this.geometry = geometry;
        this.compression = compression;
        this.zeros = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(geometry.clusterSize()))
                .asReadOnly();
    }

    /** One that is not in use, until {@link #giveBack}. */
    private DeltaPiece take() {
        DeltaPiece piece = idle.poll();
        if (piece == null) {
            piece = new DeltaPiece(geometry, compression, zeros);
            all.add(piece);
        }
        return piece;
    }

    /** Takes what is gathered, and what comes before it, to where it is looked at. */
    @FunctionalInterface
    interface Giving {

        /** Does it; what is gathered is {@link #gathered()}. */
        void give() throws IOException, InterruptedException;
    }

    /**
     * Gathers the clusters of a run, in pieces.
     *
     * @param giving called before each piece that is begun
     */
    void gather(DeltaRuns.Run run, Giving giving) throws IOException, InterruptedException {
        for (long at = run.start(); at < run.end(); ) {
            DeltaPiece piece = open;
            if (piece == null || !piece.takes(at)) {
                giving.give();
                piece = take();
                piece.begin(at);
                open = piece;
            }
            at = piece.add(run, at);
        }
    }

    /** The piece that was being gathered, which no longer is; null for none. */
    @Nullable
    DeltaPiece gathered() {
        DeltaPiece piece = open;
        open = null;
        return piece;
    }

    void giveBack(DeltaPiece piece) {
        idle.push(piece);
    }

    /** Closes all of them: none may be in use. */
    @Override
    public void close() {
        all.forEach(DeltaPiece::close);
    }
}
