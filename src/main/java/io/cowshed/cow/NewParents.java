package io.cowshed.cow;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.FamilyVersion;
import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.Lineages;
import io.cowshed.catalog.Publishing;
import io.cowshed.catalog.Reworking;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.operation.Operation;
import io.cowshed.operation.OperationRun;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** What the verbs that put a new parent below an image have in common: how it is known, recorded, and taken back. */
@Component
class NewParents {

    private final Catalog catalog;
    private final Images images;
    private final Lineages lineages;
    private final Reworking reworking;
    private final Publishing publishing;
    private final Volume volume;
    private final JsonMapper json;

    NewParents(
            Catalog catalog,
            Images images,
            Lineages lineages,
            Reworking reworking,
            Publishing publishing,
            Volume volume,
            JsonMapper json) {
        this.catalog = catalog;
        this.images = images;
        this.lineages = lineages;
        this.reworking = reworking;
        this.publishing = publishing;
        this.volume = volume;
        this.json = json;
    }

    /**
     * What came of it, as the operation shows it.
     *
     * @param parent that the image has now
     * @param digest of the content of both
     * @param virtualSize of the disk, in bytes
     * @param version that the parent was published as, {@code family:version}; null for none
     */
    record Result(
            UUID image,
            UUID parent,
            String digest,
            long virtualSize,
            @Nullable String version) {}

    /**
     * An image that lies, empty, on its new parent, in their files.
     *
     * @param virtualSize of both disks, in bytes
     * @param content of the parent
     * @param own the image's file
     * @param known the digest of what the image shows, where it is known
     */
    record InPlace(
            long virtualSize,
            KnownDigest content,
            ImageFileStatus own,
            @Nullable KnownDigest known) {}

    /** Who the new parent says it is in its file. */
    ImageIdentity identity(NewParent wanted) {
        return new ImageIdentity(
                wanted.image(), images.find(ImageRef.of(wanted.image())).name());
    }

    /** Whether the image's file lies on the new parent, so that an earlier attempt left nothing to do but to record it. */
    boolean isBelow(UUID image, NewParent wanted) {
        return volume.headers().parentOf(image).equals(Optional.of(wanted.image()));
    }

    /**
     * What an earlier attempt left in place. What the image's own file shows is not said: somebody may have written to it since.
     */
    InPlace found(OperationRun run, Image image, NewParent wanted) throws IOException, InterruptedException {
        volume.freeze(wanted.image());
        try (DiskImage disk = volume.disks().open(wanted.image(), lineages.chain(image.id()))) {
            run.expect(disk.virtualSize());
            String digest = ContentDigest.of(disk, run::advance);
            return new InPlace(
                    disk.virtualSize(),
                    new KnownDigest(digest, FileStamp.of(volume.requireFile(wanted.image()))),
                    volume.requireFile(image.id()),
                    null);
        }
    }

    /** Records that the image lies on the new parent. */
    void record(OperationRun run, Image image, NewParent wanted, InPlace files) {
        long virtualSize = files.virtualSize();
        Layout ofParent =
                new Layout(virtualSize, volume.requireFile(wanted.image()).allocatedSize(), image.clusterSize());
        Layout ofImage = new Layout(virtualSize, files.own().allocatedSize(), image.clusterSize());
        run.finish(() -> {
            publishing.lockReserved(wanted.image());
            reworking.giveParent(
                    image.id(), wanted.image(), wanted.below(), ofParent, files.content(), ofImage, files.known());
            FamilyVersion version = publishing.publishReserved(wanted.image()).orElse(null);
            if (wanted.retires() && image.parentId() != null) {
                if (version != null) {
                    publishing.supersede(image.parentId(), version);
                }
                reworking.retire(image.parentId());
            }
            return new Result(
                    image.id(),
                    wanted.image(),
                    files.content().digest(),
                    virtualSize,
                    version == null ? null : version.name());
        });
    }

    /** Gives the name of the new parent back. */
    void takeBack(Operation operation) {
        catalog.abandon(json.readValue(operation.request(), NewParent.class).image());
    }
}
