package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The pieces of one copy: as many as are in use at a time, made when they are first needed. For one thread. */
final class CompressedPieces implements AutoCloseable {

    private final ClusterGeometry geometry;
    private final CompressionType type;
    private final List<CompressedPiece> all = new ArrayList<>();
    private final Deque<CompressedPiece> idle = new ArrayDeque<>();

    CompressedPieces(ClusterGeometry geometry, CompressionType type) {
        this.geometry = geometry;
        this.type = type;
    }

    /** One that is not in use, until {@link #giveBack}. */
    CompressedPiece take() {
        CompressedPiece piece = idle.poll();
        if (piece == null) {
            piece = new CompressedPiece(geometry, type);
            all.add(piece);
        }
        return piece;
    }

    void giveBack(CompressedPiece piece) {
        idle.push(piece);
    }

    /** Closes all of them: none may be in use. */
    @Override
    public void close() {
        all.forEach(CompressedPiece::close);
    }
}
