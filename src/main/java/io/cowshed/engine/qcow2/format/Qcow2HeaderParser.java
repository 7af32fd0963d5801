package io.cowshed.engine.qcow2.format;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.block.UnsupportedImageException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Takes cluster 0 apart, checking each field before it sizes or addresses anything. */
final class Qcow2HeaderParser {

    private static final int LENGTH_V3_LEAST = 104;
    private static final int CLUSTER_BITS_OFFSET = 20;
    private static final int EXTENSION_HEAD = 8;

    private final String file;
    private final ByteBuffer in;

    Qcow2HeaderParser(String file, ByteBuffer cluster) {
        this.file = file;
        this.in = cluster.slice();
    }

    int clusterSize() throws ImageException {
        if (in.limit() < Integer.BYTES || in.getInt(0) != Qcow2Header.MAGIC) {
            throw corrupt(0, "this is not a QCOW2 image");
        }
        if (in.limit() < Qcow2Header.LENGTH_V2) {
            throw corrupt(0, "it is cut off");
        }
        int version = in.getInt(4);
        if (version != 2 && version != 3) {
            throw new UnsupportedImageException(file, "QCOW version " + Integer.toUnsignedString(version));
        }
        int clusterBits = in.getInt(CLUSTER_BITS_OFFSET);
        if (clusterBits < Qcow2Limits.MIN_CLUSTER_BITS || clusterBits > Qcow2Limits.MAX_CLUSTER_BITS) {
            throw new UnsupportedImageException(file, "cluster_bits " + Integer.toUnsignedString(clusterBits));
        }
        return 1 << clusterBits;
    }

    Qcow2Header parse() throws ImageException {
        int clusterSize = clusterSize();
        in.limit(Math.min(in.limit(), clusterSize));
        int version = in.getInt(4);
        Features features = version == 2 ? Features.NONE : features();
        int fixed = version == 2 ? Qcow2Header.LENGTH_V2 : fixedLength();
        refuseForeignFeatures(features);
        ClusterGeometry geometry = geometry(version, features);
        CompressionType compression = compression(version, features, fixed);
        ByteBuffer additional = fixed > Qcow2Header.LENGTH
                ? in.slice(Qcow2Header.LENGTH, fixed - Qcow2Header.LENGTH)
                : Qcow2Header.NO_FIELDS;

        long virtualSize = in.getLong(24);
        int l1Entries = l1Entries(virtualSize, geometry);
        int snapshots = in.getInt(60);
        if (snapshots < 0 || snapshots > Qcow2Limits.MAX_SNAPSHOTS) {
            throw new UnsupportedImageException(file, Integer.toUnsignedString(snapshots) + " internal snapshots");
        }
        int backingEnd = backingNameEnd(fixed);
        @Nullable String backingName = backingName(backingEnd);
        int extensionsEnd = backingEnd == 0 ? in.limit() : Math.toIntExact(in.getLong(8));
        return new Qcow2Header(
                version,
                geometry,
                virtualSize,
                aligned(40, geometry, "L1 table", l1Entries > 0),
                l1Entries,
                aligned(48, geometry, "refcount table", true),
                refcountTableClusters(geometry),
                snapshots,
                aligned(64, geometry, "snapshot table", snapshots > 0),
                features,
                compression,
                copy(additional),
                backingName,
                extensions(fixed, extensionsEnd));
    }

    private Features features() throws ImageException {
        if (in.limit() < LENGTH_V3_LEAST) {
            throw corrupt(0, "it is cut off");
        }
        return new Features(in.getLong(72), in.getLong(80), in.getLong(88));
    }

    private int fixedLength() throws ImageException {
        int length = in.getInt(100);
        if (length < LENGTH_V3_LEAST || length > in.limit() || length % 8 != 0) {
            throw corrupt(100, "header_length " + Integer.toUnsignedString(length));
        }
        return length;
    }

    private void refuseForeignFeatures(Features features) throws ImageException {
        if (features.unknownIncompatible() != 0) {
            throw new UnsupportedImageException(
                    file, "incompatible feature bit " + Long.numberOfTrailingZeros(features.unknownIncompatible()));
        }
        if (features.externalDataFile()) {
            throw new UnsupportedImageException(file, "external data file");
        }
        int encryption = in.getInt(32);
        if (encryption != 0) {
            throw new UnsupportedImageException(
                    file,
                    switch (encryption) {
                        case 1 -> "encryption (AES)";
                        case 2 -> "encryption (LUKS)";
                        default -> "encryption (method " + Integer.toUnsignedString(encryption) + ")";
                    });
        }
    }

    private ClusterGeometry geometry(int version, Features features) throws ImageException {
        int clusterBits = in.getInt(CLUSTER_BITS_OFFSET);
        if (!ClusterGeometry.allowsClusters(clusterBits, features.extendedL2())) {
            throw corrupt(CLUSTER_BITS_OFFSET, "extended L2 entries with cluster_bits " + clusterBits);
        }
        int refcountOrder = version == 2 ? 4 : in.getInt(96);
        if (refcountOrder < 0 || refcountOrder > Qcow2Limits.MAX_REFCOUNT_ORDER) {
            throw corrupt(96, "refcount_order " + Integer.toUnsignedString(refcountOrder));
        }
        return new ClusterGeometry(clusterBits, features.extendedL2(), refcountOrder);
    }

    private CompressionType compression(int version, Features features, int fixed) throws ImageException {
        int code = version == 3 && fixed > LENGTH_V3_LEAST ? Byte.toUnsignedInt(in.get(LENGTH_V3_LEAST)) : 0;
        CompressionType type = CompressionType.of(code);
        if (type == null) {
            throw new UnsupportedImageException(file, "compression type " + code);
        }
        if (features.compressionType() != (type != CompressionType.ZLIB)) {
            throw corrupt(LENGTH_V3_LEAST, "the compression type differs from its feature bit");
        }
        return type;
    }

    private int l1Entries(long virtualSize, ClusterGeometry geometry) throws ImageException {
        if (virtualSize < 0 || geometry.l1EntriesFor(virtualSize) > Qcow2Limits.MAX_L1_ENTRIES) {
            throw new UnsupportedImageException(
                    file, "a virtual size of " + Long.toUnsignedString(virtualSize) + " bytes");
        }
        int entries = in.getInt(36);
        if (entries < 0 || entries > Qcow2Limits.MAX_L1_ENTRIES) {
            throw new UnsupportedImageException(
                    file, "an L1 table of " + Integer.toUnsignedString(entries) + " entries");
        }
        if (entries < geometry.l1EntriesFor(virtualSize)) {
            throw corrupt(36, "the L1 table is too small for the virtual size");
        }
        return entries;
    }

    private int refcountTableClusters(ClusterGeometry geometry) throws ImageException {
        long clusters = Integer.toUnsignedLong(in.getInt(56));
        if (clusters == 0) {
            throw corrupt(56, "there is no refcount table");
        }
        if (geometry.clusterStart(clusters) > Qcow2Limits.MAX_REFCOUNT_TABLE_BYTES) {
            throw new UnsupportedImageException(file, "a refcount table of " + clusters + " clusters");
        }
        return (int) clusters;
    }

    private long aligned(int field, ClusterGeometry geometry, String table, boolean present) throws ImageException {
        long offset = in.getLong(field);
        if (present && (offset <= 0 || !geometry.isClusterAligned(offset))) {
            throw corrupt(field, "the " + table + " is said to lie at " + Long.toUnsignedString(offset));
        }
        return offset;
    }

    /** Where the backing file name ends, 0 where there is none: an empty one is none, as in QEMU. */
    private int backingNameEnd(int fixed) throws ImageException {
        long offset = in.getLong(8);
        int length = in.getInt(16);
        if (offset == 0 || length == 0) {
            return 0;
        }
        if (length < 0 || length > Qcow2Limits.MAX_BACKING_NAME_BYTES) {
            throw corrupt(16, "a backing file name of " + Integer.toUnsignedString(length) + " bytes");
        }
        if (offset < fixed || offset > in.limit() - length) {
            throw corrupt(8, "the backing file name is said to lie at " + Long.toUnsignedString(offset));
        }
        return Math.toIntExact(offset + length);
    }

    private @Nullable String backingName(int end) throws ImageException {
        if (end == 0) {
            return null;
        }
        int length = in.getInt(16);
        String name;
        try {
            name = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(in.slice(end - length, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new UnsupportedImageException(file, "a backing file name that is not UTF-8");
        }
        if (name.indexOf('\0') >= 0) {
            throw corrupt(end - length, "a backing file name with a NUL");
        }
        return name;
    }

    private List<HeaderExtension> extensions(int start, int end) throws ImageException {
        List<HeaderExtension> extensions = new ArrayList<>();
        Set<Integer> seen = new HashSet<>();
        int offset = start;
        while (offset < end) {
            if (end - offset < EXTENSION_HEAD) {
                throw corrupt(offset, "a header extension is cut off");
            }
            int type = in.getInt(offset);
            int length = in.getInt(offset + 4);
            if (type == 0) {
                break;
            }
            offset += EXTENSION_HEAD;
            if (length < 0 || length > end - offset) {
                throw corrupt(
                        offset,
                        "a header extension of " + Integer.toUnsignedString(length) + " bytes runs past its area");
            }
            HeaderExtension extension = HeaderExtension.decode(type, in.slice(offset, length));
            if (!seen.add(type) && !(extension instanceof HeaderExtension.Unknown)) {
                throw corrupt(offset, "a header extension is there twice");
            }
            extensions.add(extension);
            if (extensions.size() > Qcow2Limits.MAX_HEADER_EXTENSIONS) {
                throw corrupt(offset, "there are too many header extensions");
            }
            offset += Qcow2HeaderEncoder.padded(length);
        }
        return extensions;
    }

    private static ByteBuffer copy(ByteBuffer bytes) {
        return ByteBuffer.allocate(bytes.remaining())
                .put(bytes.duplicate())
                .flip()
                .asReadOnlyBuffer();
    }

    private CorruptImageException corrupt(long offset, String problem) {
        return new CorruptImageException(file, "header", offset, problem);
    }
}
