package io.cowshed.engine.qcow2.format;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.ImageException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The header of an image (specification, "Header"), with its extensions and the backing file name: all that cluster 0
 * holds. Offsets are in bytes of the file.
 *
 * @param version 2 or 3
 * @param geometry cluster size, kind of L2 entries, refcount width
 * @param virtualSize bytes of the disk, 0 or more, a multiple of nothing
 * @param l1TableOffset cluster-aligned
 * @param l1Entries entries of the L1 table: enough for the disk, often more
 * @param refcountTableOffset cluster-aligned
 * @param refcountTableClusters clusters of the refcount table
 * @param snapshotCount internal snapshots
 * @param snapshotTableOffset cluster-aligned; without meaning when there are no snapshots
 * @param features the feature bits; unknown compatible and autoclear bits are kept
 * @param compression of the compressed clusters
 * @param additionalFields what a header longer than {@value #LENGTH} bytes holds after them, kept as it is
 * @param backingName the backing file's name as the image holds it, untrusted; null without a backing file
 * @param extensions in the file's order, without the end marker
 */
public record Qcow2Header(
        int version,
        ClusterGeometry geometry,
        long virtualSize,
        long l1TableOffset,
        int l1Entries,
        long refcountTableOffset,
        int refcountTableClusters,
        int snapshotCount,
        long snapshotTableOffset,
        Features features,
        CompressionType compression,
        ByteBuffer additionalFields,
        @Nullable String backingName,
        List<HeaderExtension> extensions) {

    /** "QFI\xfb". */
    public static final int MAGIC = 0x514649fb;

    /** Length of the fixed part in version 2. */
    public static final int LENGTH_V2 = 72;

    /** Length of the fixed part in version 3 as it is written here: with the compression type and its padding. */
    public static final int LENGTH = 112;

    /** {@code additionalFields} of a header that has none. */
    public static final ByteBuffer NO_FIELDS = ByteBuffer.allocate(0).asReadOnlyBuffer();

    /** @throws IllegalArgumentException when the features contradict the version, the geometry or the compression */
    public Qcow2Header {
        extensions = List.copyOf(extensions);
        if (version == 2 && (!features.equals(Features.NONE) || geometry.refcountOrder() != 4)) {
            throw new IllegalArgumentException("version 2 has no features and 16-bit refcounts");
        }
        if (features.extendedL2() != geometry.extendedL2()) {
            throw new IllegalArgumentException("extended L2 entries differ between features and geometry");
        }
        if (features.compressionType() != (compression != CompressionType.ZLIB)) {
            throw new IllegalArgumentException("the compression type differs from its feature bit");
        }
    }

    /**
     * How much of a file {@link #parse} needs, at most.
     *
     * @param start the first bytes of the file: {@value #LENGTH_V2} or more, fewer only where the file ends
     * @return the cluster size in bytes
     * @throws ImageException when this is no QCOW2 image, or its version or cluster size is not supported
     */
    public static int clusterSize(String file, ByteBuffer start) throws ImageException {
        return new Qcow2HeaderParser(file, start).clusterSize();
    }

    /**
     * Parses what cluster 0 holds. Everything that can be judged without the rest of the file is checked.
     *
     * @param file the file's name, for messages
     * @param cluster the file's first cluster, or less where the file ends before
     * @throws CorruptImageException when a field has a value that the format forbids
     * @throws io.cowshed.engine.block.UnsupportedImageException for what the engine refuses by name
     */
    public static Qcow2Header parse(String file, ByteBuffer cluster) throws ImageException {
        return new Qcow2HeaderParser(file, cluster).parse();
    }

    /**
     * The bytes that cluster 0 begins with: header, extensions, end marker, backing file name. The rest of it is zeros.
     *
     * @throws IllegalArgumentException when they do not fit in a cluster
     */
    public ByteBuffer encode() {
        return Qcow2HeaderEncoder.encode(this);
    }

    @Override
    public ByteBuffer additionalFields() {
        return additionalFields.duplicate();
    }

    /** The backing file's format as the image declares it, such as {@code qcow2} or {@code raw}; null where it does not. */
    public @Nullable String backingFormat() {
        for (HeaderExtension extension : extensions) {
            if (extension instanceof HeaderExtension.BackingFormat(String format)) {
                return format;
            }
        }
        return null;
    }

    /** Which catalogued image this is; null where the file does not say, or not well-formed. */
    public @Nullable ImageIdentity identity() {
        for (HeaderExtension extension : extensions) {
            if (extension instanceof HeaderExtension.Identity(ImageIdentity identity)) {
                return identity;
            }
        }
        return null;
    }

    /** Where the bitmaps are; null where there are none, or the extension is not well-formed. */
    public HeaderExtension.@Nullable Bitmaps bitmaps() {
        for (HeaderExtension extension : extensions) {
            if (extension instanceof HeaderExtension.Bitmaps bitmaps) {
                return bitmaps;
            }
        }
        return null;
    }

    /** Bytes of the L1 table. */
    public long l1TableBytes() {
        return (long) l1Entries * Long.BYTES;
    }

    /** Bytes of the refcount table. */
    public long refcountTableBytes() {
        return geometry.clusterStart(refcountTableClusters);
    }

    /** This header with other extensions; all else is the same. */
    public Qcow2Header withExtensions(List<HeaderExtension> others) {
        return with(backingName, others);
    }

    /**
     * This header with another backing file, and the extension that declares its format; all else is the same.
     *
     * @param name null for no backing file
     * @param format of the backing file, such as {@code qcow2}; without meaning where there is none
     */
    public Qcow2Header withBacking(@Nullable String name, String format) {
        List<HeaderExtension> others = new ArrayList<>();
        if (name != null) {
            others.add(new HeaderExtension.BackingFormat(format));
        }
        for (HeaderExtension extension : extensions) {
            if (extension.type() != HeaderExtension.BACKING_FORMAT_TYPE) {
                others.add(extension);
            }
        }
        return with(name, others);
    }

    private Qcow2Header with(@Nullable String name, List<HeaderExtension> others) {
        return new Qcow2Header(
                version,
                geometry,
                virtualSize,
                l1TableOffset,
                l1Entries,
                refcountTableOffset,
                refcountTableClusters,
                snapshotCount,
                snapshotTableOffset,
                features,
                compression,
                additionalFields,
                name,
                others);
    }

    /** This header with another refcount table; all else is the same. */
    public Qcow2Header withRefcountTable(long offset, int clusters) {
        return new Qcow2Header(
                version,
                geometry,
                virtualSize,
                l1TableOffset,
                l1Entries,
                offset,
                clusters,
                snapshotCount,
                snapshotTableOffset,
                features,
                compression,
                additionalFields,
                backingName,
                extensions);
    }
}
