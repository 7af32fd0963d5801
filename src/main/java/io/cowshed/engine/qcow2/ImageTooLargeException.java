package io.cowshed.engine.qcow2;

import java.io.IOException;

/** A disk would become larger than its maker allows, or than the format can hold with its cluster size. */
public final class ImageTooLargeException extends IOException {

    private final long limit;

    /** {@code limit} is the largest virtual size that would have been allowed, in bytes. */
    public ImageTooLargeException(String file, long limit) {
        super(file + ": the disk would be larger than the " + limit + " bytes allowed here");
        this.limit = limit;
    }

    /** The largest virtual size that would have been allowed, in bytes. */
    public long limit() {
        return limit;
    }
}
