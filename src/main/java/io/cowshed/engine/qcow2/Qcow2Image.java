package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Zeros;
import io.cowshed.engine.qcow2.format.ClusterMapping;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A QCOW2 image that is read, on top of its backing image if it has one. Opening it reads nothing but the header; tables
 * are read as they are needed.
 */
public final class Qcow2Image implements DiskImage {

    private final BlockFile file;
    private final Qcow2Header header;
    private final @Nullable DiskImage backing;
    private final ClusterMapper mapper;
    private final CompressedClusters compressed;
    private final MetadataPreallocation preallocation;

    /** {@code backing} is what is read where this image leaves clusters unallocated; null reads zeros there. */
    Qcow2Image(BlockFile file, Qcow2Header header, @Nullable DiskImage backing) throws IOException {
        this(file, header, backing, storedTables(file, header), new CompressedClusters(file, header));
    }

    /** An image whose tables are read, and changed, elsewhere. Closing it closes {@code compressed} too. */
    Qcow2Image(
            BlockFile file,
            Qcow2Header header,
            @Nullable DiskImage backing,
            TablePages tables,
            CompressedClusters compressed) {
        this.file = file;
        this.header = header;
        this.backing = backing;
        this.mapper = new ClusterMapper(file, header, tables);
        this.compressed = compressed;
        this.preallocation = new MetadataPreallocation(file, header);
    }

    private static TablePages storedTables(BlockFile file, Qcow2Header header) throws IOException {
        MetadataCache cache = new MetadataCache(file, header.geometry().clusterSize(), MetadataCache.DEFAULT_BYTES);
        return new StoredTables(file.name(), file.size(), header, cache);
    }

    /** The header as it was when the image was opened. */
    public Qcow2Header header() {
        return header;
    }

    /** The image below this one, or null. */
    public @Nullable DiskImage backing() {
        return backing;
    }

    @Override
    public long virtualSize() {
        return header.virtualSize();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        Objects.checkFromIndexSize(offset, target.remaining(), virtualSize());
        int limit = target.limit();
        long position = offset;
        while (target.hasRemaining()) {
            MappedRun run = mapper.runAt(position, target.remaining());
            int length = (int) run.length();
            target.limit(target.position() + length);
            readRun(run.mapping(), position, target);
            target.limit(limit);
            position += length;
        }
    }

    private void readRun(ClusterMapping mapping, long offset, ByteBuffer target) throws IOException {
        switch (mapping) {
            case ClusterMapping.Data(long hostOffset) -> {
                file.read(hostOffset, target);
                // A file that ends within a data cluster reads as zeros from there on, as in QEMU.
                Zeros.fill(target);
            }
            case ClusterMapping.Zero ignored -> Zeros.fill(target);
            case ClusterMapping.Compressed cluster ->
                compressed.read(cluster, header.geometry().offsetInCluster(offset), target);
            case ClusterMapping.Unallocated ignored -> readBacking(offset, target);
        }
    }

    private void readBacking(long offset, ByteBuffer target) throws IOException {
        if (backing != null && offset < backing.virtualSize()) {
            int limit = target.limit();
            long length = Math.min(target.remaining(), backing.virtualSize() - offset);
            target.limit(target.position() + (int) length);
            backing.read(offset, target);
            target.limit(limit);
        }
        Zeros.fill(target);
    }

    @Override
    public void copyTo(long offset, long length, BlockFile target, long targetPosition) throws IOException {
        Objects.checkFromIndexSize(offset, length, virtualSize());
        for (long done = 0; done < length; ) {
            MappedRun run = mapper.runAt(offset + done, length - done);
            copyRun(run, offset + done, target, targetPosition + done);
            done += run.length();
        }
    }

    private void copyRun(MappedRun run, long offset, BlockFile target, long targetPosition) throws IOException {
        switch (run.mapping()) {
            // A file that ends within a data cluster reads as zeros from there on, as in QEMU.
            case ClusterMapping.Data(long hostOffset) -> file.copyTo(hostOffset, run.length(), target, targetPosition);
            case ClusterMapping.Zero ignored -> {}
            case ClusterMapping.Compressed cluster -> {
                ByteBuffer content = ByteBuffer.allocate((int) run.length());
                compressed.read(cluster, header.geometry().offsetInCluster(offset), content);
                target.write(targetPosition, content.flip());
            }
            case ClusterMapping.Unallocated ignored -> {
                if (backing != null && offset < backing.virtualSize()) {
                    long length = Math.min(run.length(), backing.virtualSize() - offset);
                    backing.copyTo(offset, length, target, targetPosition);
                }
            }
        }
    }

    @Override
    public @Nullable Object fileKey(int depth) {
        if (depth == 0) {
            return file.key();
        }
        return backing == null ? null : backing.fileKey(depth - 1);
    }

    @Override
    public Extent extentAt(long offset, long maxLength) throws IOException {
        Objects.checkIndex(offset, virtualSize());
        Objects.checkIndex(0, maxLength);
        MappedRun run = mapper.runAt(offset, Math.min(maxLength, virtualSize() - offset));
        long length = run.length();
        return switch (run.mapping()) {
            case ClusterMapping.Data(long hostOffset) -> dataExtent(offset, hostOffset, length);
            case ClusterMapping.Zero(long hostOffset) ->
                new Extent(offset, length, 0, true, true, false, false, place(hostOffset));
            case ClusterMapping.Compressed ignored ->
                new Extent(offset, length, 0, true, false, true, true, OptionalLong.empty());
            case ClusterMapping.Unallocated(long hostOffset) -> unallocatedExtent(offset, length, hostOffset);
        };
    }

    private Extent dataExtent(long offset, long hostOffset, long length) throws IOException {
        boolean zero = false;
        long same = length;
        if (preallocation.isThere()) {
            long fileSize = file.size();
            long data = hostOffset < fileSize ? file.nextData(hostOffset) : fileSize;
            zero = data > hostOffset || hostOffset >= fileSize;
            long change = zero ? data : file.nextHole(hostOffset);
            if (change < fileSize) {
                same = Math.min(length, change - hostOffset);
            } else if (!zero) {
                same = Math.min(length, fileSize - hostOffset);
            }
        }
        return new Extent(offset, same, 0, true, zero, true, false, OptionalLong.of(hostOffset));
    }

    private Extent unallocatedExtent(long offset, long length, long hostOffset) throws IOException {
        if (backing == null || offset >= backing.virtualSize()) {
            return new Extent(offset, length, 0, false, true, false, false, place(hostOffset));
        }
        Extent below = backing.extentAt(offset, length);
        return new Extent(
                offset,
                below.length(),
                below.depth() + 1,
                below.present(),
                below.zero(),
                below.data(),
                below.compressed(),
                below.offset());
    }

    private static OptionalLong place(long hostOffset) {
        return hostOffset == 0 ? OptionalLong.empty() : OptionalLong.of(hostOffset);
    }

    @Override
    public void close() throws IOException {
        compressed.close();
        try (file) {
            if (backing != null) {
                backing.close();
            }
        }
    }
}
