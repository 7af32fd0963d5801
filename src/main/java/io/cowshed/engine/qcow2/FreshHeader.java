package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.Features;
import io.cowshed.engine.qcow2.format.HeaderExtension;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The headers of the images that are made here: version 3, no internal snapshots, and no features but what they need. */
final class FreshHeader {

    private static final Features OTHER_THAN_ZLIB = new Features(Features.COMPRESSION_TYPE, 0, 0);

    private FreshHeader() {}

    /**
     * Where the tables lie, in bytes of the file.
     *
     * @param refcountTableClusters clusters of the refcount table
     */
    record Tables(long l1Offset, int l1Entries, long refcountTableOffset, int refcountTableClusters) {}

    /**
     * The header of an image.
     *
     * @param identity who it is, or null to leave that out
     * @param backing what it lies on, or null where it stands on its own
     */
    static Qcow2Header of(
            ClusterGeometry geometry,
            long virtualSize,
            Tables tables,
            CompressionType compression,
            @Nullable ImageIdentity identity,
            @Nullable BackingLink backing) {
        List<HeaderExtension> extensions = new ArrayList<>();
        if (backing != null) {
            extensions.add(new HeaderExtension.BackingFormat(backing.formatName()));
        }
        if (identity != null) {
            extensions.add(new HeaderExtension.Identity(identity));
        }
        return new Qcow2Header(
                3,
                geometry,
                virtualSize,
                tables.l1Offset(),
                tables.l1Entries(),
                tables.refcountTableOffset(),
                tables.refcountTableClusters(),
                0,
                0,
                compression == CompressionType.ZLIB ? Features.NONE : OTHER_THAN_ZLIB,
                compression,
                Qcow2Header.NO_FIELDS,
                backing == null ? null : backing.name(),
                extensions);
    }
}
