package io.cowshed.cow;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.Reworking;
import io.cowshed.catalog.SizeLimit;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import io.cowshed.operation.Claim;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operation;
import io.cowshed.operation.OperationHandler;
import io.cowshed.operation.OperationRun;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumeFull;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Makes disks longer or shorter, in place: after a crash a disk has the old length or the new one. */
@Component
public class Resizing implements OperationHandler {

    private static final int SECTOR = 512;

    private final Reworking reworking;
    private final Images images;
    private final ImageFiles files;
    private final Volume volume;
    private final SizeLimit sizes;
    private final Operations operations;
    private final ImageUse use;

    Resizing(
            Reworking reworking,
            Images images,
            ImageFiles files,
            Volume volume,
            SizeLimit sizes,
            Operations operations,
            ImageUse use) {
        this.reworking = reworking;
        this.images = images;
        this.files = files;
        this.volume = volume;
        this.sizes = sizes;
        this.operations = operations;
        this.use = use;
    }

    /** What is asked for. */
    private record Request(long virtualSize, boolean force) {}

    /** What came of it. Sizes in bytes. */
    private record Result(UUID image, long virtualSizeBefore, long virtualSize) {}

    /**
     * Asks for another length, in the caller's transaction.
     *
     * @param virtualSize in bytes; rounded up to whole sectors of 512
     * @param shrink whether the disk may become shorter
     * @param force whether it may lose data by that
     * @throws CowshedException where a rule forbids it
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public Operation submit(
            ImageRef ref,
            long virtualSize,
            boolean shrink,
            boolean force,
            @Nullable Set<Long> expectedVersions,
            String createdBy) {
        Image image = reworking.lock(ref, expectedVersions);
        image.requireUnsealed("resized");
        use.requireNone(image, "resized");
        sizes.requireAllowed(virtualSize);
        long size = Math.ceilDiv(virtualSize, SECTOR) * SECTOR;
        if (size < image.virtualSize() && !shrink) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "The disk of " + image.virtualSize() + " bytes would become shorter.",
                    "If that is meant, say \"shrink\": true.");
        }
        return operations.submit(new NewOperation(
                kind(),
                image.id(),
                image.name(),
                new Request(size, force),
                List.of(Claim.changes(image.id())),
                createdBy));
    }

    @Override
    public String kind() {
        return "resize";
    }

    @Override
    public void run(OperationRun run) throws IOException {
        Request request = run.request(Request.class);
        UUID id = run.subject();
        Image image = images.find(ImageRef.of(id));
        Layout layout;
        try (HeldImage held = files.use(id, volume::holdForWriting)) {
            try (WritableQcow2Image disk = files.openForWriting(held)) {
                if (disk.virtualSize() != request.virtualSize()) {
                    run.startOver();
                }
                if (!request.force()) {
                    requireEmpty(disk, request.virtualSize(), run);
                }
                // Who may not do this, because the file is somebody else's, learns it before there is no way back.
                held.backdate();
                run.turn();
                resize(run, disk, request.virtualSize());
            }
            held.backdate();
            layout = new Layout(request.virtualSize(), held.status().allocatedSize(), image.clusterSize());
        } catch (IOException e) {
            throw FileFailures.of(id, e);
        }
        run.finish(() -> {
            reworking.replaceFile(id, image.parentId(), layout, null);
            return new Result(id, image.virtualSize(), request.virtualSize());
        });
    }

    /**
     * A longer disk may need room for its tables, and not every image can get another length. That is written last: a disk that
     * has its old length is as it was.
     */
    private void resize(OperationRun run, WritableQcow2Image disk, long virtualSize) throws IOException {
        try {
            disk.resize(virtualSize);
        } catch (IOException | VolumeFull e) {
            if (volume.headers().of(run.subject()).virtualSize() != virtualSize) {
                run.startOver();
            }
            throw e;
        }
    }

    /** That there is nothing from there on. */
    private static void requireEmpty(DiskImage disk, long from, OperationRun run) throws IOException {
        if (from >= disk.virtualSize()) {
            return;
        }
        Extents extents = Extents.of(disk, from, disk.virtualSize() - from);
        long lost = 0;
        for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
            run.advance(0);
            lost += extent.zero() ? 0 : extent.length();
        }
        if (lost > 0) {
            throw new LosesData(lost);
        }
    }

    /** The part that would be cut off holds data. */
    private static final class LosesData extends CowshedException {
        LosesData(long bytes) {
            super(
                    ProblemType.SHRINK_LOSES_DATA,
                    "The part of the disk that would be cut off holds " + bytes + " bytes of data.",
                    "Shrink the guest's file systems first, and sparsify the image; or lose the data: \"force\": true.");
            member("lostBytes", bytes);
        }
    }
}
