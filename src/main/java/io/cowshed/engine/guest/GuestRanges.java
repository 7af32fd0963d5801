package io.cowshed.engine.guest;

import io.cowshed.engine.block.DiskRange;
import io.cowshed.engine.block.DiskRanges;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The free ranges of all pieces of a disk, neighbours joined. For one thread. */
final class GuestRanges implements DiskRanges {

    private final Iterator<FreePiece> pieces;
    private Area.@Nullable Piece piece;
    private @Nullable FreeRanges ranges;
    private @Nullable DiskRange pending;

    /** @param pieces in the order of the disk */
    GuestRanges(List<FreePiece> pieces) {
        this.pieces = pieces.iterator();
    }

    @Override
    public @Nullable DiskRange next() throws IOException {
        DiskRange range = pending != null ? pending : lookUp();
        pending = null;
        if (range == null) {
            return null;
        }
        DiskRange following = lookUp();
        while (following != null && following.start() == range.end()) {
            range = new DiskRange(range.start(), range.length() + following.length());
            following = lookUp();
        }
        pending = following;
        return range;
    }

    private @Nullable DiskRange lookUp() throws IOException {
        try {
            DiskRange range = inPiece();
            while (range == null && pieces.hasNext()) {
                FreePiece next = pieces.next();
                piece = next.piece();
                ranges = next.fileSystem().freeFrom(next.piece().start());
                range = inPiece();
            }
            return range;
        } catch (LeftAloneException e) {
            // All of it was gone over before.
            throw new IOException("the disk has changed while its free space was listed: " + e.reason(), e);
        }
    }

    /** The next range of the present piece, cut to it and in terms of the disk. */
    private @Nullable DiskRange inPiece() throws IOException, LeftAloneException {
        if (ranges == null || piece == null) {
            return null;
        }
        DiskRange range = ranges.next();
        while (range != null && range.end() <= piece.start()) {
            range = ranges.next();
        }
        if (range == null || range.start() >= piece.end()) {
            return null;
        }
        long start = Math.max(range.start(), piece.start());
        long end = Math.min(range.end(), piece.end());
        return new DiskRange(piece.diskStart() + start - piece.start(), end - start);
    }
}
