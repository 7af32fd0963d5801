package io.cowshed.cow;

import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.NewImage;
import io.cowshed.catalog.Reworking;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.qcow2.DeltaCopy;
import io.cowshed.engine.qcow2.FreshImage;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.operation.Claim;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operation;
import io.cowshed.operation.OperationHandler;
import io.cowshed.operation.OperationRun;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.NewImageFile;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** Copies images: the changes of a clone to a sibling of it, or the whole disk to an image that stands on its own. */
@Component
public class Copies implements OperationHandler {

    private final Catalog catalog;
    private final Reworking reworking;
    private final Images images;
    private final ImageFiles files;
    private final Volume volume;
    private final Leftovers leftovers;
    private final Operations operations;
    private final JsonMapper json;
    private final ImageUse use;

    Copies(
            Catalog catalog,
            Reworking reworking,
            Images images,
            ImageFiles files,
            Volume volume,
            Leftovers leftovers,
            Operations operations,
            JsonMapper json,
            ImageUse use) {
        this.catalog = catalog;
        this.reworking = reworking;
        this.images = images;
        this.files = files;
        this.volume = volume;
        this.leftovers = leftovers;
        this.operations = operations;
        this.json = json;
        this.use = use;
    }

    /** How much a copy holds itself. */
    public enum Scope {
        /** What the image itself holds; the copy is a clone of the same parent. */
        DELTA,
        /** All that the guest reads; the copy has no parent. */
        FLAT;

        /** The word for it. */
        @JsonValue
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What is asked for. */
    private record Request(
            UUID copy,
            String name,
            @Nullable UUID parent,
            @Nullable CompressionType compression) {}

    /** What came of it. Sizes in bytes. */
    private record Result(UUID image, long virtualSize, long allocatedSize) {}

    /**
     * Asks for a copy, in the caller's transaction. Its name is reserved at once.
     *
     * @param compression null for none
     * @throws CowshedException where a rule forbids it
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public Operation submit(
            ImageRef ref,
            NewImage wanted,
            Scope scope,
            @Nullable CompressionType compression,
            @Nullable Set<Long> expectedVersions,
            String createdBy) {
        Image image = reworking.lock(ref, expectedVersions);
        image.requireAvailable("copied");
        use.requireNoWriter(image, "copied");
        UUID parent = scope == Scope.DELTA ? image.parentId() : null;
        List<Claim> claims = new ArrayList<>(List.of(Claim.reads(image.id()), Claim.changes(wanted.id())));
        if (parent != null) {
            reworking.lockParent(ImageRef.of(parent));
            claims.add(Claim.staysParent(parent));
        }
        catalog.reserve(wanted, createdBy);
        Request request = new Request(wanted.id(), wanted.name().value(), parent, compression);
        return operations.submit(new NewOperation(kind(), image.id(), image.name(), request, claims, createdBy));
    }

    @Override
    public String kind() {
        return "copy";
    }

    @Override
    public void run(OperationRun run) throws IOException, InterruptedException {
        Request request = run.request(Request.class);
        Image image = images.find(ImageRef.of(run.subject()));
        leftovers.clearNew(run, request.copy());
        try (NewImageFile file = volume.create(request.copy())) {
            Written written = write(run, request, image, file);
            run.advance(0);
            ImageFileStatus status = file.publish();
            Layout layout =
                    new Layout(written.virtualSize(), status.allocatedSize(), 1 << FreshImage.DEFAULT_CLUSTER_BITS);
            run.finish(() -> {
                reworking.complete(
                        request.copy(),
                        request.parent(),
                        layout,
                        written.digest()
                                .map(known -> new KnownDigest(known, FileStamp.of(status)))
                                .orElse(null),
                        false);
                return new Result(request.copy(), layout.virtualSize(), layout.allocatedSize());
            });
            file.keep();
        } catch (IOException e) {
            throw FileFailures.of(image.id(), e);
        }
    }

    /** A disk that was copied, and its digest where that is known. */
    private record Written(long virtualSize, Optional<String> digest) {}

    private Written write(OperationRun run, Request request, Image image, NewImageFile file)
            throws IOException, InterruptedException {
        try (DiskImage source = files.open(image.id());
                DiskImage backing = request.parent() == null ? null : files.open(request.parent())) {
            // Only what is read while nobody can write is sure to belong to the bytes.
            Optional<String> digest =
                    images.find(ImageRef.of(image.id())).digestKnownFor(FileStamp.of(volume.requireFile(image.id())));
            DeltaCopy.Options options = new DeltaCopy.Options(
                    FreshImage.DEFAULT_CLUSTER_BITS,
                    new ImageIdentity(request.copy(), request.name()),
                    Volume.backingLink(request.parent()),
                    request.compression(),
                    false,
                    null);
            long work = DeltaCopy.work(source, backing, options);
            run.expect(work);
            volume.space().requireRoomFor(work);
            DeltaCopy.write(source, backing, file.file(), options, run::advance);
            return new Written(source.virtualSize(), digest);
        }
    }

    /** Only the name was reserved: what there may be of the file, a sweep takes away. */
    @Override
    public void takeBack(Operation operation) {
        catalog.abandon(json.readValue(operation.request(), Request.class).copy());
    }
}
