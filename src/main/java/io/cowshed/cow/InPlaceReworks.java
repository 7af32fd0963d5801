package io.cowshed.cow;

import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.qcow2.BackingFill;
import io.cowshed.engine.qcow2.Qcow2Repair;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.operation.OperationRun;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Puts an image on another parent, or on none, in the file that it has: only what it would lack is moved.
 *
 * <pre>
 * image held for writing ‖ where its file ends, in the operation's row ‖ what it would lack stored past there, flushed ‖
 * operation turned ‖ backing file changed, flushed ‖ row and operation
 * </pre>
 *
 * <p>Until the backing file is changed the image reads the same and lies on what it lay on, whatever part of that is done: the
 * next attempt goes on, and an operation that ends otherwise gives back what was stored; either gives back what the one
 * before leaked when it died. After it there is no way back; the
 * next attempt finds that, and only records it.
 */
@Component
class InPlaceReworks {

    private static final int FLAGS_OF_ZEROS = 3;

    private final ImageFiles files;
    private final Volume volume;

    InPlaceReworks(ImageFiles files, Volume volume) {
        this.files = files;
        this.volume = volume;
    }

    /**
     * Whether an image is reworked in place: where only its parent changes, and its file is its own. Others read a sealed
     * image's file; one with bitmaps of QEMU's would keep these, and one without flags for zeros would grow.
     */
    boolean suits(Image image, Rework rework) {
        if (image.isSealed()
                || rework.thorough()
                || rework.freeSpace()
                || !Objects.equals(rework.known(), rework.parent())) {
            return false;
        }
        Qcow2Header header = files.use(image.id(), volume.headers()::of);
        return header.version() >= FLAGS_OF_ZEROS
                && header.bitmaps() == null
                && !header.features().corrupt();
    }

    /** How many bytes would be copied or compared; found out from the extents of {@code disk}, which is the image's. */
    long cost(Image image, Rework rework, DiskImage disk) throws IOException, InterruptedException {
        try (DiskImage next = open(rework.parent())) {
            return BackingFill.work(disk, volume.headers().of(image.id()).geometry(), next);
        }
    }

    /**
     * Reworks an image that {@linkplain #suits suits}.
     *
     * @param expected is told how many bytes there are to be worked through
     * @param chains the images that the image may lie on, now and then
     * @return the file as it is now; empty where the header has no room for the new parent's name: nothing is done then
     */
    Optional<Reworks.Replaced> run(
            OperationRun run, LongConsumer expected, Image image, Rework rework, Set<UUID> chains)
            throws IOException, InterruptedException {
        UUID id = image.id();
        String name = rework.parent() == null ? null : Volume.backingName(rework.parent());
        try (HeldImage held = files.use(id, volume::holdForWriting)) {
            ImageFileStatus before = held.status();
            boolean again = hasMark(run, id);
            if (again) {
                Qcow2Repair.repair(held.file(), Qcow2Repair.Scope.LEAKS);
            }
            try (WritableQcow2Image disk = volume.disks().openForWriting(held, chains)) {
                if (!disk.hasRoomFor(name)) {
                    return Optional.empty();
                }
                if (again) {
                    disk.trim();
                } else {
                    run.note(new FillMark(id, disk.endCluster()).toString());
                }
                fill(run, expected, rework, disk);
                run.turn();
                disk.changeBacking(name);
            }
            held.backdate();
            ImageFileStatus now = held.status();
            return Optional.of(new Reworks.Replaced(
                    image.virtualSize(),
                    again ? image.allocatedSize() : before.allocatedSize(),
                    now,
                    image.digestKnownFor(FileStamp.of(before))
                            .map(digest -> new KnownDigest(digest, FileStamp.of(now)))
                            .orElse(null),
                    new Reworks.Reclaimed(0, 0, 0),
                    List.of()));
        }
    }

    /** Whether an attempt before this one may have stored something in the image. */
    private static boolean hasMark(OperationRun run, UUID image) {
        return FillMark.parse(run.mark())
                .filter(mark -> mark.image().equals(image))
                .isPresent();
    }

    private void fill(OperationRun run, LongConsumer expected, Rework rework, WritableQcow2Image disk)
            throws IOException, InterruptedException {
        try (DiskImage next = open(rework.parent())) {
            long work = BackingFill.work(disk, disk.header().geometry(), next);
            expected.accept(work);
            volume.space().requireRoomFor(work);
            BackingFill.fill(disk, next, run::advance);
            disk.flush();
        }
    }

    private @Nullable DiskImage open(@Nullable UUID parent) throws IOException {
        return parent == null ? null : files.open(parent);
    }

    /**
     * Gives back what attempts at a rework that came to nothing have stored in an image.
     *
     * @param mark which they left
     * @param chains as for {@link #run}
     */
    void takeBack(FillMark mark, Set<UUID> chains) throws IOException, InterruptedException {
        try (HeldImage held = files.use(mark.image(), volume::holdForWriting)) {
            Qcow2Repair.repair(held.file(), Qcow2Repair.Scope.LEAKS);
            try (WritableQcow2Image disk = volume.disks().openForWriting(held, chains)) {
                disk.uncover(mark.endCluster());
                disk.trim();
            }
        }
    }
}
