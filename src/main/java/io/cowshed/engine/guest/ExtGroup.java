package io.cowshed.engine.guest;

/**
 * A block group of an ext file system, as its descriptor has it.
 *
 * @param index its number, from 0
 * @param blockBitmap the block of its block bitmap
 * @param inodeBitmap the block of its inode bitmap
 * @param inodeTable the first block of its inode table
 * @param freeClusters how many clusters it counts as free
 * @param uninitialised whether its block bitmap was never written, and follows from the layout
 * @param bitmapChecksum the checksum of its block bitmap, of which only the low 16 bits may be kept
 */
record ExtGroup(
        int index,
        long blockBitmap,
        long inodeBitmap,
        long inodeTable,
        int freeClusters,
        boolean uninitialised,
        int bitmapChecksum) {}
