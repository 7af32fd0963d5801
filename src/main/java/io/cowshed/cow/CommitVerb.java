package io.cowshed.cow;

import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.Lineages;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.qcow2.DeltaCopy;
import io.cowshed.engine.qcow2.ImageChain;
import io.cowshed.operation.Operation;
import io.cowshed.operation.OperationHandler;
import io.cowshed.operation.OperationRun;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.NewImageFile;
import io.cowshed.volume.Replacement;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumeFull;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Merges what a clone and its parent hold into a new image on the grandparent, and gives the clone an empty file on it:
 *
 * <pre>
 * image fenced and held ‖ new parent's file written, flushed ‖ its digest computed, and found that of the clone ‖
 * clone's new file written, flushed ‖ new parent's file read-only, gets its name ‖
 * clone's new file takes the place of the old ‖ rows and operation
 * </pre>
 *
 * <p>Before the clone's file is replaced nothing has changed for anybody, and the next attempt clears away what there is.
 * After it, the next attempt finds that, and only records it.
 */
@Component
class CommitVerb implements OperationHandler {

    static final String KIND = "commit";

    private final Images images;
    private final ImageFiles files;
    private final Lineages lineages;
    private final Volume volume;
    private final Leftovers leftovers;
    private final NewParents parents;

    CommitVerb(
            Images images,
            ImageFiles files,
            Lineages lineages,
            Volume volume,
            Leftovers leftovers,
            NewParents parents) {
        this.images = images;
        this.files = files;
        this.lineages = lineages;
        this.volume = volume;
        this.leftovers = leftovers;
        this.parents = parents;
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public void run(OperationRun run) throws IOException, InterruptedException {
        NewParent wanted = run.request(NewParent.class);
        UUID id = run.subject();
        Image image = images.find(ImageRef.of(id));
        NewParents.InPlace inPlace;
        try (Replacement next = files.use(id, found -> volume.replace(found, true))) {
            leftovers.clear(run, id);
            if (parents.isBelow(id, wanted)) {
                inPlace = parents.found(run, image, wanted);
            } else {
                leftovers.clear(run, wanted.image());
                run.startOver();
                InternalSnapshots.requireNone(id, volume.headers().of(id));
                inPlace = merge(run, image, wanted, next);
            }
        } catch (IOException e) {
            throw FileFailures.of(id, e);
        }
        parents.record(run, image, wanted, inPlace);
        leftovers.clear(run, wanted.image());
    }

    private NewParents.InPlace merge(OperationRun run, Image image, NewParent wanted, Replacement next)
            throws IOException, InterruptedException {
        UUID id = image.id();
        List<UUID> below = wanted.below() == null ? List.of() : lineages.chain(wanted.below());
        try (HeldImage held = files.use(id, volume::hold);
                DiskImage clone = files.open(held);
                DiskImage backing = wanted.below() == null ? null : files.open(wanted.below());
                NewImageFile merged = volume.create(wanted.image())) {
            Optional<String> known = image.digestKnownFor(FileStamp.of(held.status()));
            write(run, image, wanted, clone, backing, merged, known.isEmpty());
            String digest = known.isPresent() ? known.get() : ContentDigest.of(clone, run::advance);
            requireSameContent(run, image, merged, below, digest);
            EmptyOverlay.write(next, image, clone.virtualSize(), wanted.image());
            ImageFileStatus own = next.publish(false, _ -> {
                run.turn();
                publish(run, merged);
            });
            merged.keep();
            return new NewParents.InPlace(
                    clone.virtualSize(),
                    new KnownDigest(digest, FileStamp.of(volume.requireFile(wanted.image()))),
                    own,
                    new KnownDigest(digest, FileStamp.of(own)));
        }
    }

    /** The name of the new parent is the last that may find no room, and nothing depends on it yet. */
    private static void publish(OperationRun run, NewImageFile merged) {
        try {
            merged.publishSealed();
        } catch (VolumeFull e) {
            run.startOver();
            throw e;
        }
    }

    private void write(
            OperationRun run,
            Image image,
            NewParent wanted,
            DiskImage clone,
            @Nullable DiskImage backing,
            NewImageFile merged,
            boolean digesting)
            throws IOException, InterruptedException {
        DeltaCopy.Options options = new DeltaCopy.Options(
                Integer.numberOfTrailingZeros(image.clusterSize()),
                parents.identity(wanted),
                Volume.backingLink(wanted.below()),
                null,
                false,
                null);
        long work = DeltaCopy.work(clone, backing, options);
        run.expect(Math.addExact(work, Math.multiplyExact(digesting ? 2L : 1L, clone.virtualSize())));
        volume.space().requireRoomFor(work);
        DeltaCopy.write(clone, backing, merged.file(), options, run::advance);
    }

    /** Before anything depends on the new image, it is read once as it is on the volume. */
    private void requireSameContent(OperationRun run, Image image, NewImageFile merged, List<UUID> below, String digest)
            throws IOException, InterruptedException {
        try (DiskImage disk =
                ImageChain.open(merged.file(), ImageFormat.QCOW2, volume.disks().backings(below))) {
            if (!ContentDigest.of(disk, run::advance).equals(digest)) {
                throw new CowshedException(
                        ProblemType.INTERNAL,
                        "What was merged does not read like image " + image.id() + ", which stays as it is.",
                        "Check the image: POST /api/v1/images/" + image.id() + "/check.");
            }
        }
    }

    @Override
    public void takeBack(Operation operation) {
        parents.takeBack(operation);
    }
}
