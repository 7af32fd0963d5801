package io.cowshed.engine.guest;

/**
 * A piece of an area, and who knows what of it is free.
 *
 * @param piece where it lies
 * @param fileSystem of the area
 */
record FreePiece(Area.Piece piece, FileSystem fileSystem) {

    long diskStart() {
        return piece.diskStart();
    }
}
