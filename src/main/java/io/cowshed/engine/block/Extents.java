package io.cowshed.engine.block;

import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The extents of a range of a disk, in order, with neighbours of the same kind joined as {@code qemu-img map
 * --output=json} joins them. They are looked up as they are asked for: there is never a list of them. For one thread.
 */
public final class Extents {

    private final DiskImage image;
    private final long end;
    private long position;
    private @Nullable Extent pending;

    private Extents(DiskImage image, long start, long end) {
        this.image = image;
        this.position = start;
        this.end = end;
    }

    /** The extents of the whole disk. */
    public static Extents of(DiskImage image) {
        return of(image, 0, image.virtualSize());
    }

    /**
     * The extents of {@code length} bytes from {@code offset} on, the first and the last cut to the range.
     *
     * @throws IndexOutOfBoundsException when the range does not lie within the disk
     */
    public static Extents of(DiskImage image, long offset, long length) {
        Objects.checkFromIndexSize(offset, length, image.virtualSize());
        return new Extents(image, offset, offset + length);
    }

    /**
     * Whether two disks hold the same where these extents of theirs meet, because it is the same place in the same file.
     * Where they do not say, it is not.
     */
    public static boolean isSamePlace(DiskImage first, Extent left, DiskImage second, Extent right) {
        Object key = first.fileKey(left.depth());
        if (key == null || !key.equals(second.fileKey(right.depth()))) {
            return false;
        }
        if (left.offset().isEmpty() || right.offset().isEmpty()) {
            // Where a compressed cluster of a file lies follows from the guest's offset.
            return left.compressed() && right.compressed();
        }
        return left.offset().getAsLong() - left.start() == right.offset().getAsLong() - right.start();
    }

    /** The next extent, or null after the last. */
    public @Nullable Extent next() throws IOException {
        Extent extent = pending != null ? pending : lookUp();
        pending = null;
        if (extent == null) {
            return null;
        }
        while (true) {
            Extent following = lookUp();
            if (following == null) {
                return extent;
            }
            if (!isContinued(extent, following)) {
                pending = following;
                return extent;
            }
            extent = new Extent(
                    extent.start(),
                    extent.length() + following.length(),
                    extent.depth(),
                    extent.present(),
                    extent.zero(),
                    extent.data(),
                    extent.compressed(),
                    extent.offset());
        }
    }

    private @Nullable Extent lookUp() throws IOException {
        if (position == end) {
            return null;
        }
        Extent extent = image.extentAt(position, end - position);
        position = extent.end();
        return extent;
    }

    private static boolean isContinued(Extent extent, Extent next) {
        boolean sameKind = extent.depth() == next.depth()
                && extent.present() == next.present()
                && extent.zero() == next.zero()
                && extent.data() == next.data()
                && extent.compressed() == next.compressed()
                && extent.offset().isPresent() == next.offset().isPresent();
        return sameKind
                && (extent.offset().isEmpty()
                        || extent.offset().getAsLong() + extent.length()
                                == next.offset().getAsLong());
    }
}
