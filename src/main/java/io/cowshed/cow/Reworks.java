package io.cowshed.cow;

import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.Lineages;
import io.cowshed.catalog.Reworking;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.DiskRanges;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.guest.GuestFinding;
import io.cowshed.engine.guest.GuestSpace;
import io.cowshed.engine.qcow2.DeltaCopy;
import io.cowshed.engine.qcow2.ImageChain;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.operation.OperationRun;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.Replacement;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Makes an image show the same disk otherwise, on the same parent or on another: {@linkplain InPlaceReworks in place} where it
 * can be, else in a new file.
 *
 * <pre>
 * image held, or, sealed, kept from writers ‖ new file written, flushed ‖ sealed: its digest computed, and found the same ‖
 * new file takes the place of the old ‖ row and operation
 * </pre>
 *
 * <p>Before the file is replaced nothing has changed, and a crash leaves only what a sweep removes. After it the image reads
 * the same through its new file, whose parent the operation's claim keeps; the next attempt finds that, and only records it.
 */
@Component
class Reworks {

    private final Images images;
    private final ImageFiles files;
    private final Lineages lineages;
    private final Reworking reworking;
    private final Volume volume;
    private final InPlaceReworks inPlace;

    Reworks(
            Images images,
            ImageFiles files,
            Lineages lineages,
            Reworking reworking,
            Volume volume,
            InPlaceReworks inPlace) {
        this.images = images;
        this.files = files;
        this.lineages = lineages;
        this.reworking = reworking;
        this.volume = volume;
        this.inPlace = inPlace;
    }

    /** What a rework did, as the operation shows it. Sizes in bytes. */
    record Result(
            UUID image,
            long virtualSize,
            long allocatedBefore,
            long allocatedAfter,
            Reclaimed reclaimed,
            List<Finding> guest) {}

    /**
     * What was found on the guest's disk, where its free space was looked for.
     *
     * @param place the whole disk, a partition or a logical volume
     * @param freeBytes how much of it its guest does not use; 0 where that is not known
     * @param leftAlone why it was left as it is; null where it was not
     */
    record Finding(
            String place,
            long offset,
            long length,
            String kind,
            long freeBytes,
            @Nullable String leftAlone) {

        static Finding of(GuestFinding found) {
            return switch (found) {
                case GuestFinding.Understood it ->
                    new Finding(it.place(), it.offset(), it.length(), it.kind(), it.freeBytes(), null);
                case GuestFinding.LeftAlone it ->
                    new Finding(it.place(), it.offset(), it.length(), it.kind(), 0, it.reason());
            };
        }
    }

    /** Bytes of the image's own data that its new file leaves out, by reason. */
    record Reclaimed(long zeros, long equalToParent, long freeSpace) {}

    /**
     * A file that took the place of an image's, and what that did. Sizes in bytes.
     *
     * @param known the digest of what the image shows, where it is known
     */
    record Replaced(
            long virtualSize,
            long allocatedBefore,
            ImageFileStatus status,
            @Nullable KnownDigest known,
            Reclaimed reclaimed,
            List<Finding> guest) {}

    /** How the rework of an image takes its place in an operation: what it will work through, and how it is committed. */
    private record Place(LongConsumer expected, Commit commit) {}

    @FunctionalInterface
    private interface Commit {
        Result of(Supplier<Result> rows);
    }

    /** Reworks the image that an operation is about, to the end. */
    void run(OperationRun run, Rework rework) throws IOException, InterruptedException {
        UUID id = run.subject();
        Place whole = new Place(run::expect, run::finish);
        if (!recordAgain(run, whole, id, rework)) {
            rework(run, whole, id, rework);
        }
    }

    /**
     * Reworks one of several images that an operation is about, which it has claimed, and commits that, while the operation goes
     * on. After {@link #settlePart}.
     */
    void runPart(OperationRun run, UUID id, Rework rework) throws IOException, InterruptedException {
        rework(run, part(run), id, rework);
    }

    /** Commits the rework of one of several images if an earlier attempt came as far as replacing its file. */
    boolean settlePart(OperationRun run, UUID id, Rework rework) {
        return recordAgain(run, part(run), id, rework);
    }

    private static Place part(OperationRun run) {
        return new Place(_ -> {}, run::commit);
    }

    private void rework(OperationRun run, Place place, UUID id, Rework rework)
            throws IOException, InterruptedException {
        Image image = images.find(ImageRef.of(id));
        InternalSnapshots.requireNone(id, volume.headers().of(id));
        Set<UUID> chains = chains(id, rework.parent());
        try {
            Optional<Replaced> there = isInPlace(image, rework, chains)
                    ? inPlace.run(run, place.expected(), image, rework, chains)
                    : Optional.empty();
            record(place, rework, image, there.isPresent() ? there.get() : replace(run, place, rework, image, chains));
        } catch (IOException e) {
            throw FileFailures.of(id, e);
        }
    }

    private Replaced replace(OperationRun run, Place place, Rework rework, Image image, Set<UUID> chains)
            throws IOException, InterruptedException {
        UUID id = image.id();
        // The old file is closed first: whoever has it open then is somebody else, for whom it is kept.
        try (HeldImage held = image.isSealed() ? null : files.use(id, volume::hold);
                Replacement next = volume.replace(id, held != null);
                DiskImage source = held == null
                        ? volume.disks().open(id, chains)
                        : volume.disks().open(held, chains)) {
            return replace(run, place, rework, image, source, next);
        }
    }

    /** What is compressed goes to a new file, which then is so throughout. */
    private boolean isInPlace(Image image, Rework rework, Set<UUID> chains) throws IOException {
        if (!inPlace.suits(image, rework)) {
            return false;
        }
        try (DiskImage disk = files.use(image.id(), id -> volume.disks().open(id, chains))) {
            return !isCompressed(disk);
        }
    }

    /**
     * Gives back what the attempts of an operation have stored in an image that they did not come to put on its new parent; to
     * be called when there will be no other attempt.
     */
    void clearUp(OperationRun run, Rework rework) throws IOException, InterruptedException {
        FillMark mark = FillMark.parse(run.mark()).orElse(null);
        if (mark != null && images.exists(mark.image())) {
            Image image = images.find(ImageRef.of(mark.image()));
            if (!Objects.equals(image.parentId(), rework.parent())) {
                inPlace.takeBack(mark, chains(image.id(), rework.parent()));
            }
        }
    }

    /**
     * Whether an earlier attempt came as far as replacing the file. There is no way back then, whoever has the file open by now:
     * so nothing is asked, and nothing held.
     */
    private boolean recordAgain(OperationRun run, Place place, UUID id, Rework rework) {
        Image image = images.find(ImageRef.of(id));
        // By its name as it stands there: one that is a path is not none.
        String lyingOn = volume.headers().of(id).backingName();
        if (Objects.equals(lyingOn, nameOf(image.parentId()))) {
            if (run.hasTurned()) {
                requireNobodyAtWork(image);
            }
            run.startOver();
            return false;
        }
        if (!Objects.equals(lyingOn, nameOf(rework.parent()))) {
            throw new CowshedException(
                    ProblemType.INVALID_IMAGE,
                    "The file of image " + id + " lies on " + (lyingOn == null ? "nothing" : "\"" + lyingOn + "\"")
                            + ", and by the catalogue on "
                            + (image.parentId() == null ? "nothing" : "image " + image.parentId()) + ".",
                    "Have that mended: POST /api/v1/volume/audits with {\"mend\": \"safe\"}. Then try again.");
        }
        volume.flush(id);
        ImageFileStatus status = volume.requireFile(id);
        KnownDigest known = image.digest() == null ? null : new KnownDigest(image.digest(), FileStamp.of(status));
        Reclaimed unknown = new Reclaimed(0, 0, 0);
        record(
                place,
                rework,
                image,
                new Replaced(image.virtualSize(), image.allocatedSize(), status, known, unknown, List.of()));
        return true;
    }

    private static @Nullable String nameOf(@Nullable UUID parent) {
        return parent == null ? null : Volume.backingName(parent);
    }

    private Replaced replace(
            OperationRun run, Place place, Rework rework, Image image, DiskImage source, Replacement next)
            throws IOException, InterruptedException {
        UUID id = image.id();
        ImageFileStatus before = volume.requireFile(id);
        try (DiskImage backing = rework.known() == null ? null : files.open(rework.known())) {
            GuestSpace space = rework.freeSpace() ? GuestSpace.of(source) : null;
            DeltaCopy.Options options = options(
                    image,
                    rework,
                    isCompressed(source) ? volume.headers().of(id).compression() : null,
                    space == null ? null : space.ranges());
            long work = DeltaCopy.work(source, backing, options);
            place.expected().accept(image.isSealed() ? Math.addExact(work, source.virtualSize()) : work);
            volume.space().requireRoomFor(work);
            DeltaCopy.Outcome outcome = DeltaCopy.write(source, backing, next.file(), options, run::advance);
            Optional<String> digest =
                    rework.freeSpace() ? Optional.empty() : image.digestKnownFor(FileStamp.of(before));
            if (image.digest() != null) {
                requireSameContent(run, rework, image, next.file());
                digest = Optional.of(image.digest());
            }
            ImageFileStatus status = next.publish(image.isSealed(), _ -> run.turn());
            return new Replaced(
                    source.virtualSize(),
                    before.allocatedSize(),
                    status,
                    digest.map(known -> new KnownDigest(known, FileStamp.of(status)))
                            .orElse(null),
                    new Reclaimed(outcome.zeros(), outcome.equal(), outcome.free()),
                    space == null
                            ? List.of()
                            : space.report().stream().map(Finding::of).toList());
        }
    }

    private static DeltaCopy.Options options(
            Image image, Rework rework, @Nullable CompressionType compression, @Nullable DiskRanges free) {
        return new DeltaCopy.Options(
                Integer.numberOfTrailingZeros(image.clusterSize()),
                new ImageIdentity(image.id(), image.name()),
                Volume.backingLink(rework.parent()),
                compression,
                rework.thorough(),
                free);
    }

    /**
     * How many bytes a rework would copy or compare, without the reading again of what is sealed; found out from the extents.
     *
     * @throws io.cowshed.volume.ImageInUse when a running QEMU writes to the image
     */
    long cost(Image image, Rework rework) throws IOException, InterruptedException {
        Set<UUID> chains = chains(image.id(), rework.parent());
        boolean there = isInPlace(image, rework, chains);
        try (DiskImage source = volume.disks().open(image.id(), chains)) {
            return there ? inPlace.cost(image, rework, source) : cost(image, rework, source);
        }
    }

    private long cost(Image image, Rework rework, DiskImage source) throws IOException, InterruptedException {
        try (DiskImage backing = rework.known() == null ? null : files.open(rework.known())) {
            return DeltaCopy.work(source, backing, options(image, rework, null, null));
        }
    }

    private void record(Place place, Rework rework, Image image, Replaced file) {
        Layout layout = new Layout(file.virtualSize(), file.status().allocatedSize(), image.clusterSize());
        place.commit().of(() -> {
            reworking.replaceFile(image.id(), rework.parent(), layout, file.known());
            return new Result(
                    image.id(),
                    file.virtualSize(),
                    file.allocatedBefore(),
                    file.status().allocatedSize(),
                    file.reclaimed(),
                    file.guest());
        });
    }

    /** A sealed image's file is only ever replaced by one that reads the same. */
    private void requireSameContent(OperationRun run, Rework rework, Image image, BlockFile file)
            throws IOException, InterruptedException {
        List<UUID> below = rework.parent() == null ? List.of() : lineages.chain(rework.parent());
        try (DiskImage disk =
                ImageChain.open(file, ImageFormat.QCOW2, volume.disks().backings(below))) {
            String digest = ContentDigest.of(disk, run::advance);
            if (!digest.equals(image.digest())) {
                throw new CowshedException(
                        ProblemType.INTERNAL,
                        "The new file of image " + image.id() + " does not read like the old one, which stays.",
                        "Check the image: POST /api/v1/images/" + image.id() + "/check.");
            }
        }
    }

    /** An earlier attempt that had turned may not be dead, and go on; it holds what it works on. */
    private void requireNobodyAtWork(Image image) {
        if (image.isSealed()) {
            volume.requireUnfenced(image.id());
        } else {
            files.use(image.id(), volume::hold).close();
        }
    }

    /** Whether the image itself holds compressed clusters; then it goes on holding what it holds in as little room. */
    private static boolean isCompressed(DiskImage source) throws IOException {
        Extents extents = Extents.of(source);
        for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
            if (extent.depth() == 0 && extent.compressed()) {
                return true;
            }
        }
        return false;
    }

    private Set<UUID> chains(UUID image, @Nullable UUID parent) {
        Set<UUID> allowed = new HashSet<>(lineages.chain(image));
        if (parent != null) {
            allowed.addAll(lineages.chain(parent));
        }
        return allowed;
    }
}
