package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.block.WritableDiskImage;
import io.cowshed.engine.block.Zeros;
import io.cowshed.engine.qcow2.WriteOrder.Action;
import io.cowshed.engine.qcow2.WriteOrder.Step;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A QCOW2 image that is changed in place, on top of its backing image, which is only read. In what order changes reach the
 * file is in {@link WriteOrder}. Nothing is written before the first change.
 *
 * <p>Its methods exclude each other, so readers may run beside the one who writes. Whoever opens an image makes sure that
 * nobody else, in this process or another, has it open.
 */
public final class WritableQcow2Image implements WritableDiskImage {

    private final BlockFile blockFile;
    private final BackingResolver resolver;
    private final OrderedFile file;
    private final WriteOrder order;
    private final HeaderEditor header;
    private final CorruptionMark corruption;
    private final ClusterAllocator allocator;
    private final L2Tables tables;
    private final Epoch epoch;
    private final GuestWriter writer;
    private final GuestZeros zeros;
    private final Uncovering uncovering;
    private final Resizing resizing;
    private final CompressedClusters compressed;
    private @Nullable DiskImage backing;
    private Qcow2Image view;
    private boolean changed;
    private boolean failed;
    private boolean closed;

    private WritableQcow2Image(
            BlockFile blockFile,
            Qcow2Header opened,
            @Nullable DiskImage backing,
            BackingResolver resolver,
            WriteOrder order)
            throws IOException {
        this.blockFile = blockFile;
        this.backing = backing;
        this.resolver = resolver;
        this.order = order;
        ClusterGeometry geometry = opened.geometry();
        file = new OrderedFile(blockFile);
        header = new HeaderEditor(blockFile, file, opened);
        corruption = new CorruptionMark(file, header, order);
        MetadataMap metadata = new MetadataMap(geometry);
        ClusterReleases releases = new ClusterReleases();
        MetadataRegions.claim(blockFile, opened, metadata);
        RefcountTable refcountTable = RefcountTable.read(file, header, metadata);
        Refcounts refcounts = new Refcounts(file, refcountTable, metadata, releases, corruption, geometry);
        allocator = new ClusterAllocator(file, refcounts, metadata, releases, corruption, geometry);
        tables = L2Tables.read(file, header, metadata, allocator, corruption);
        epoch = new Epoch(file, order, refcountTable, refcounts, tables, allocator, releases);
        writer = new GuestWriter(file, geometry, tables, allocator, epoch, this::readForCopy);
        zeros = new GuestZeros(geometry, tables, allocator, epoch, writer, opened.version() >= 3, sizeOf(backing));
        uncovering = new Uncovering(geometry, tables, allocator, epoch);
        resizing = new Resizing(file, order, header, refcounts, allocator, tables, epoch, zeros);
        compressed = new CompressedClusters(blockFile, opened);
        view = new Qcow2Image(blockFile, opened, backing, tables, compressed);
    }

    /**
     * Opens the image in {@code file}, which must let itself be written, and its backing files as {@code resolver} finds
     * them. Closing the image closes all files. When this fails they are closed too, {@code file} included.
     *
     * <p>An image that is marked as dirty is repaired at once: its refcounts may be too low for anything to be allocated.
     *
     * @throws UnsupportedImageException when the image is marked as corrupt, or cannot be repaired
     * @throws io.cowshed.engine.block.ImageException when a file of the chain is not a sound image. Of this one, only what
     *     is held in memory is looked at: header, L1 table and refcount table; what they point to must not overlap
     */
    public static WritableQcow2Image open(BlockFile file, BackingResolver resolver) throws IOException {
        return open(file, resolver, WriteOrder.SAFE);
    }

    /** As {@link #open(BlockFile, BackingResolver)}, with another order of writing. */
    static WritableQcow2Image open(BlockFile file, BackingResolver resolver, WriteOrder order) throws IOException {
        @Nullable DiskImage backing = null;
        try {
            Qcow2Header header = repaired(file);
            backing = ImageChain.openBacking(file, header, resolver);
            return new WritableQcow2Image(file, header, backing, resolver, order);
        } catch (Throwable e) {
            closeAfter(e, file);
            if (backing != null) {
                closeAfter(e, backing);
            }
            throw e;
        }
    }

    private static Qcow2Header repaired(BlockFile file) throws IOException {
        Qcow2Header header = Qcow2HeaderReader.read(file);
        if (header.features().dirty() && !header.features().corrupt()) {
            Qcow2Repair.repair(file, Qcow2Repair.Scope.ALL);
            header = Qcow2HeaderReader.read(file);
        }
        if (header.features().corrupt()) {
            throw new UnsupportedImageException(file.name(), "writing to an image that is marked as corrupt");
        }
        return header;
    }

    private static void closeAfter(Throwable cause, AutoCloseable opened) {
        try {
            opened.close();
        } catch (Exception e) {
            cause.addSuppressed(e);
        }
    }

    /** The header as it is in the file now. */
    public synchronized Qcow2Header header() {
        return header.header();
    }

    /** The image below this one, or null. */
    public synchronized @Nullable DiskImage backing() {
        return backing;
    }

    @Override
    public synchronized long virtualSize() {
        return header.header().virtualSize();
    }

    @Override
    public synchronized void read(long offset, ByteBuffer target) throws IOException {
        ensureUsable();
        view.read(offset, target);
    }

    @Override
    public synchronized Extent extentAt(long offset, long maxLength) throws IOException {
        ensureUsable();
        return view.extentAt(offset, maxLength);
    }

    @Override
    public synchronized @Nullable Object fileKey(int depth) {
        return view.fileKey(depth);
    }

    private static long sizeOf(@Nullable DiskImage backing) {
        return backing == null ? 0 : backing.virtualSize();
    }

    private void readForCopy(long offset, ByteBuffer target) throws IOException {
        int limit = target.limit();
        long there = Math.clamp(virtualSize() - offset, 0, target.remaining());
        target.limit(target.position() + (int) there);
        if (target.hasRemaining()) {
            view.read(offset, target);
        }
        Zeros.fill(target.limit(limit));
    }

    @Override
    public synchronized void write(long offset, ByteBuffer source) throws IOException {
        Objects.checkFromIndexSize(offset, source.remaining(), virtualSize());
        beginChange();
        writer.write(offset, source);
    }

    @Override
    public synchronized void writeZeros(long offset, long length) throws IOException {
        Objects.checkFromIndexSize(offset, length, virtualSize());
        beginChange();
        zeros.zero(offset, offset + length, virtualSize());
    }

    @Override
    public synchronized void discard(long offset, long length) throws IOException {
        Objects.checkFromIndexSize(offset, length, virtualSize());
        beginChange();
        zeros.discard(offset, offset + length, virtualSize());
    }

    @Override
    public synchronized void flush() throws IOException {
        ensureUsable();
        epoch.commit();
    }

    @Override
    public synchronized void resize(long virtualSize) throws IOException {
        resizing.check(virtualSize);
        beginChange();
        attempt(() -> resizing.resize(virtualSize));
        view = new Qcow2Image(blockFile, header.header(), backing, tables, compressed);
    }

    /**
     * The cluster of the file past all that it holds. What {@link #fill} stores lies there or after it, but for parts of
     * clusters of which other parts are stored.
     */
    public synchronized long endCluster() {
        return allocator.end();
    }

    /** From here on zeros hide as much as a backing image of {@code nextSize} bytes may show, too. */
    synchronized void prepareFor(long nextSize) {
        zeros.setBelowEnd(Math.max(zeros.belowEnd(), nextSize));
    }

    /**
     * Stores what is read in a range of the disk of which nothing is stored here. Where that is known to be zeros, it takes no
     * room.
     *
     * @param offset of a subcluster
     * @param length to the end of a subcluster, or of the disk
     */
    synchronized void fill(long offset, long length) throws IOException {
        Objects.checkFromIndexSize(offset, length, virtualSize());
        beginChange();
        writer.fill(offset, length, backing == null ? view : backing);
    }

    /**
     * Gives the clusters back that lie at {@code firstCluster} of the file or after it, and hold what the backing image shows
     * in the same place; without one, zeros. What is read stays the same, at every moment. It is durable with the next {@link
     * #flush()}. Clusters that are compressed, or that a snapshot uses, too, stay.
     *
     * @throws InterruptedException when the calling thread was interrupted: some of them are given back then
     */
    public synchronized void uncover(long firstCluster) throws IOException, InterruptedException {
        beginChange();
        uncovering.uncover(firstCluster, view, backing);
    }

    /**
     * Cuts the file after the last cluster that is in use, durably, flushing all changes on the way: a writer that died may have
     * left bytes past it that nothing counts.
     */
    public synchronized void trim() throws IOException {
        beginChange();
        attempt(() -> {
            epoch.commit();
            epoch.settle();
            allocator.truncate();
            file.barrier();
        });
    }

    /** Whether there is room in the image's first cluster to name this backing file: see {@link #changeBacking}. */
    public synchronized boolean hasRoomFor(@Nullable String bareName) throws IOException {
        ensureUsable();
        try {
            BackingChange.plan(file, header.header().withBacking(bareName, FreshImage.BACKING_FORMAT));
            return true;
        } catch (UnsupportedImageException _) {
            return false;
        }
    }

    /**
     * Makes the image lie on another QCOW2 image, or on none, durably, flushing all changes on the way. What is read where
     * nothing is stored here becomes what the new backing image holds: to copy what differs before is the caller's business.
     * After a crash the image has the old backing file or the new one.
     *
     * @param bareName the name of a file in the same directory, or null for no backing file
     * @throws UnsupportedImageException when there is no room for the name in the image's first cluster; nothing is written
     *     then
     * @throws io.cowshed.engine.block.ImageException when the new backing file cannot be opened; nothing is written then
     */
    public synchronized void changeBacking(@Nullable String bareName) throws IOException {
        ensureUsable();
        if (bareName != null) {
            FreshImage.requireBare(bareName);
        }
        Qcow2Header proposed = header.header().withBacking(bareName, FreshImage.BACKING_FORMAT);
        BackingChange change = BackingChange.plan(file, proposed);
        @Nullable DiskImage next = ImageChain.openBacking(blockFile, proposed, resolver);
        try {
            beginChange();
            attempt(() -> WriteOrder.take(
                    order.changeBacking(),
                    file,
                    Map.of(
                            Step.EPOCH,
                            epoch::commit,
                            Step.BACKING_NAME,
                            () -> change.writeName(file),
                            Step.BACKING_POINTER,
                            () -> header.write(change.firstSector(header)))));
        } catch (Throwable e) {
            if (next != null) {
                closeAfter(e, next);
            }
            throw e;
        }
        @Nullable DiskImage previous = backing;
        backing = next;
        zeros.setBelowEnd(sizeOf(next));
        view = new Qcow2Image(blockFile, header.header(), next, tables, compressed);
        if (previous != null) {
            previous.close();
        }
    }

    /** Before the first change: what would no longer be true of the image ceases to be said of it. */
    private void beginChange() throws IOException {
        ensureUsable();
        if (!changed) {
            attempt(() -> WriteOrder.take(order.opening(), file, Map.of(Step.CLEAR_AUTOCLEAR, header::clearAutoclear)));
            changed = true;
        }
    }

    /** Does what leaves nobody knowing what is in the file when it fails. */
    private void attempt(Action action) throws IOException {
        failed = true;
        action.run();
        failed = false;
    }

    private void ensureUsable() throws IOException {
        if (closed) {
            throw new IOException(file.name() + ": the image is closed");
        }
        if (isBroken()) {
            throw new IOException(file.name() + ": a write of metadata failed before; the image must be opened again");
        }
    }

    private boolean isBroken() {
        return failed || epoch.hasFailed() || corruption.isSet();
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        try {
            if (!isBroken()) {
                epoch.commit();
                epoch.settle();
            }
        } finally {
            closed = true;
            view.close();
        }
    }
}
