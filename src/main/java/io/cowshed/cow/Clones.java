package io.cowshed.cow;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageEntry;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.NewClone;
import io.cowshed.catalog.NewImage;
import io.cowshed.catalog.Registration;
import io.cowshed.catalog.SizeLimit;
import io.cowshed.catalog.web.NewImageFields;
import io.cowshed.database.TimeOrderedIds;
import io.cowshed.engine.qcow2.FreshImage;
import io.cowshed.engine.qcow2.ImageTooLargeException;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.NewImageFile;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Makes clones: overlays that hold nothing yet, so that it takes as long for a disk of terabytes as for a small one. */
@Component
public class Clones {

    /** What a new overlay takes at most, in bytes. */
    private static final long OVERLAY_SIZE = 24 << 10;

    private final Catalog catalog;
    private final ImageFiles imageFiles;
    private final Registration registration;
    private final Volume volume;
    private final TimeOrderedIds ids;
    private final Clock clock;
    private final SizeLimit sizes;

    Clones(
            Catalog catalog,
            ImageFiles imageFiles,
            Registration registration,
            Volume volume,
            TimeOrderedIds ids,
            Clock clock,
            SizeLimit sizes) {
        this.catalog = catalog;
        this.imageFiles = imageFiles;
        this.registration = registration;
        this.volume = volume;
        this.ids = ids;
        this.clock = clock;
        this.sizes = sizes;
    }

    /**
     * Makes clones of one image, all or none.
     *
     * @param virtualSize of their disks in bytes; null for the parent's
     * @param answer made in the transaction that makes them, from the clones in the order of their names
     * @throws CowshedException where a rule forbids it, or the volume cannot take it
     */
    public <T> T create(
            ImageRef parentRef,
            List<ImageName> names,
            NewImageFields fields,
            @Nullable Long virtualSize,
            String createdBy,
            Function<List<ImageEntry>, T> answer) {
        Image parent = catalog.checkClonable(parentRef, virtualSize);
        if (virtualSize != null && virtualSize > parent.virtualSize()) {
            sizes.requireAllowed(virtualSize);
        }
        imageFiles.use(parent.id(), volume::requireFile);
        volume.requireRoomFor(OVERLAY_SIZE * names.size());
        long size = virtualSize == null ? parent.virtualSize() : virtualSize;
        List<NewImage> wanted = names.stream()
                .map(name -> fields.named(ids.next(), name, clock.instant()))
                .toList();
        List<NewImageFile> files = new ArrayList<>(names.size());
        try {
            List<NewClone> clones = make(wanted, size, parent, files);
            return registration.commit(
                    files, () -> answer.apply(catalog.addClones(ImageRef.of(parent.id()), clones, createdBy)));
        } finally {
            files.forEach(NewImageFile::close);
        }
    }

    /** Makes and publishes the files, all or none. */
    private List<NewClone> make(List<NewImage> wanted, long size, Image parent, List<NewImageFile> files) {
        try {
            long rounded = size;
            for (NewImage image : wanted) {
                NewImageFile file = volume.create(image.id());
                files.add(file);
                rounded = write(file, image.name(), size, parent);
            }
            List<ImageFileStatus> published = NewImageFile.publish(files);
            List<NewClone> clones = new ArrayList<>(wanted.size());
            for (int i = 0; i < wanted.size(); i++) {
                long allocated = published.get(i).allocatedSize();
                clones.add(new NewClone(
                        wanted.get(i), new Layout(rounded, allocated, 1 << FreshImage.DEFAULT_CLUSTER_BITS)));
            }
            return clones;
        } catch (Throwable failure) {
            discard(files, failure);
            throw failure;
        }
    }

    private static void discard(List<NewImageFile> files, Throwable cause) {
        for (NewImageFile file : files) {
            try {
                file.discard();
            } catch (RuntimeException e) {
                cause.addSuppressed(e);
            }
        }
    }

    /** The size of the disk, in whole sectors. */
    private static long write(NewImageFile file, ImageName name, long size, Image parent) {
        try {
            return FreshImage.overlay(
                    file.file(),
                    size,
                    FreshImage.DEFAULT_CLUSTER_BITS,
                    new ImageIdentity(file.image(), name.value()),
                    Volume.backingName(parent.id()));
        } catch (ImageTooLargeException e) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "A clone of " + size + " bytes cannot be made: no image of its format can be that long.",
                    "Use a virtualSize of at most " + e.limit() + " bytes.",
                    e);
        } catch (IOException e) {
            throw new CowshedException(
                    ProblemType.VOLUME_UNAVAILABLE, "The file of a new clone cannot be written.", null, e);
        }
    }
}
