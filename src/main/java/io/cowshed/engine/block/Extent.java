package io.cowshed.engine.block;

import java.util.OptionalLong;

/**
 * A run of a disk that is of one kind throughout, in the terms of {@code qemu-img map --output=json}.
 *
 * @param start the offset in the disk, in bytes
 * @param length in bytes, at least 1
 * @param depth how many backing files down the image lies that decides what is read here; 0 is the image itself
 * @param present whether an image of the chain decides it at all; false where every image leaves it unallocated
 * @param zero whether it is known to read as zeros without being read
 * @param data whether it occupies space as data in that image's file
 * @param compressed whether it is made of compressed clusters
 * @param offset where its bytes lie in that image's file, when they lie there as they are read; also the space that is kept
 *     there for an extent that reads as zeros without it
 */
public record Extent(
        long start,
        long length,
        int depth,
        boolean present,
        boolean zero,
        boolean data,
        boolean compressed,
        OptionalLong offset) {

    /** The first offset after this extent. */
    public long end() {
        return start + length;
    }
}
