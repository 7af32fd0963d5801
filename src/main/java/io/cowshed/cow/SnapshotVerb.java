package io.cowshed.cow;

import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.qcow2.IdentityChange;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.operation.Operation;
import io.cowshed.operation.OperationHandler;
import io.cowshed.operation.OperationRun;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.Replacement;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumeFull;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import org.springframework.stereotype.Component;

/**
 * Makes the file of an image that of a new, sealed parent, and gives the image an empty one on it:
 *
 * <pre>
 * image fenced and held ‖ digest of its content ‖ new file written, flushed ‖
 * file says that it is the parent ‖ linked at the parent's name ‖ new file renamed to the image's name ‖
 * parent read-only ‖ rows and operation
 * </pre>
 *
 * <p>In the first line nothing has changed. Once the file says that it is the parent there is no way back, and each further
 * attempt goes on from what the files say. The file has no side name at any time, so that no sweep can take it for nobody's.
 */
@Component
class SnapshotVerb implements OperationHandler {

    static final String KIND = "snapshot";

    private final Images images;
    private final ImageFiles files;
    private final Volume volume;
    private final Leftovers leftovers;
    private final NewParents parents;

    SnapshotVerb(Images images, ImageFiles files, Volume volume, Leftovers leftovers, NewParents parents) {
        this.images = images;
        this.files = files;
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
                if (!isAnnounced(image, wanted)) {
                    run.startOver();
                }
                inPlace = handOver(run, image, wanted, next);
            }
        } catch (IOException e) {
            throw FileFailures.of(id, e);
        }
        parents.record(run, image, wanted, inPlace);
    }

    private NewParents.InPlace handOver(OperationRun run, Image image, NewParent wanted, Replacement next)
            throws IOException, InterruptedException {
        try (HeldImage held = files.use(image.id(), volume::holdForWriting);
                DiskImage disk = files.open(held)) {
            IdentityChange.requireRoom(held.file(), parents.identity(wanted));
            String digest = digest(run, image, held, disk);
            // Who may not do this, because the file is somebody else's, learns it before there is no way back.
            held.backdate();
            EmptyOverlay.write(next, image, disk.virtualSize(), wanted.image());
            ImageFileStatus own = publish(run, image, wanted, held, next);
            volume.freeze(wanted.image());
            held.backdate();
            return new NewParents.InPlace(
                    disk.virtualSize(),
                    new KnownDigest(digest, FileStamp.of(held.status())),
                    own,
                    new KnownDigest(digest, FileStamp.of(own)));
        }
    }

    /** Whether the image's file says that it is the parent. */
    private boolean isAnnounced(Image image, NewParent wanted) {
        return volume.headers().identityOf(image.id()).equals(Optional.of(wanted.image()));
    }

    /** Where there is no room for the parent's name, the file says again that it is the image: then nothing has changed. */
    private ImageFileStatus publish(OperationRun run, Image image, NewParent wanted, HeldImage held, Replacement next)
            throws IOException {
        try {
            return next.publishOver(wanted.image(), () -> {
                run.turn();
                IdentityChange.write(held.file(), parents.identity(wanted));
            });
        } catch (VolumeFull e) {
            if (isAnnounced(image, wanted) && volume.status(wanted.image()).isEmpty()) {
                IdentityChange.write(held.file(), new ImageIdentity(image.id(), image.name()));
                held.backdate();
                run.startOver();
            }
            throw e;
        }
    }

    private static String digest(OperationRun run, Image image, HeldImage held, DiskImage disk)
            throws IOException, InterruptedException {
        Optional<String> known = image.digestKnownFor(FileStamp.of(held.status()));
        if (known.isPresent()) {
            run.expect(0);
            return known.get();
        }
        run.expect(disk.virtualSize());
        return ContentDigest.of(disk, run::advance);
    }

    @Override
    public void takeBack(Operation operation) {
        parents.takeBack(operation);
    }
}
