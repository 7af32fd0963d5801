package io.cowshed.engine.guest;

/** Extents of a volume group that belong to no volume: an area that is free from end to end. */
record FreeExtents(long length) implements FileSystem {

    @Override
    public String kind() {
        return "unallocated extents";
    }

    @Override
    public long check() {
        return length;
    }

    @Override
    public FreeRanges freeFrom(long offset) {
        return FreeRanges.of(0, length);
    }
}
