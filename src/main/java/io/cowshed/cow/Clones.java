package io.cowshed.cow;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageEntry;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.NewClone;
import io.cowshed.catalog.NewImage;
import io.cowshed.catalog.Registration;
import io.cowshed.catalog.Seed;
import io.cowshed.catalog.Seeds;
import io.cowshed.catalog.SizeLimit;
import io.cowshed.catalog.VersionMoved;
import io.cowshed.catalog.web.NewImageFields;
import io.cowshed.catalog.web.NewImages;
import io.cowshed.engine.qcow2.FreshImage;
import io.cowshed.engine.qcow2.ImageTooLargeException;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.NewImageFile;
import io.cowshed.volume.Volume;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Makes clones: overlays that hold nothing yet, so that it takes as long for a disk of terabytes as for a small one. */
@Component
public class Clones {

    /** What a new overlay takes at most, in bytes. */
    private static final long OVERLAY_SIZE = 24 << 10;

    /** How often files are made for another parent, because the latest version has become another meanwhile. */
    private static final int MOST_ATTEMPTS = 5;

    private final Catalog catalog;
    private final Images images;
    private final ImageFiles imageFiles;
    private final Registration registration;
    private final Volume volume;
    private final NewImages newImages;
    private final SizeLimit sizes;
    private final Seeds seeds;
    private final SeedDisks disks;
    private final CloneMeters meters;

    Clones(
            Catalog catalog,
            Images images,
            ImageFiles imageFiles,
            Registration registration,
            Volume volume,
            NewImages newImages,
            SizeLimit sizes,
            Seeds seeds,
            SeedDisks disks,
            MeterRegistry meters) {
        this.catalog = catalog;
        this.images = images;
        this.imageFiles = imageFiles;
        this.registration = registration;
        this.volume = volume;
        this.newImages = newImages;
        this.sizes = sizes;
        this.seeds = seeds;
        this.disks = disks;
        this.meters = new CloneMeters(meters);
    }

    /**
     * Makes clones of one image, all or none.
     *
     * @param virtualSize of their disks in bytes; null for the parent's
     * @param seed what each is given a seed disk from; null for none
     * @param answer made in the transaction that makes them, from the clones in the order of their names
     * @throws CowshedException where a rule forbids it, or the volume cannot take it
     */
    public <T> T create(
            ImageRef parentRef,
            List<ImageName> names,
            NewImageFields fields,
            @Nullable Long virtualSize,
            @Nullable SeedTemplate seed,
            String createdBy,
            Function<List<ImageEntry>, T> answer) {
        if (seed != null && names.size() > 1) {
            seed.requireForMany();
        }
        return meters.measure(
                names.size(), () -> createOfLatest(parentRef, names, fields, virtualSize, seed, createdBy, answer));
    }

    private <T> T createOfLatest(
            ImageRef parentRef,
            List<ImageName> names,
            NewImageFields fields,
            @Nullable Long virtualSize,
            @Nullable SeedTemplate seed,
            String createdBy,
            Function<List<ImageEntry>, T> answer) {
        for (int attempt = 1; ; attempt++) {
            try {
                return createOnce(parentRef, names, fields, virtualSize, seed, createdBy, answer);
            } catch (VersionMoved e) {
                if (attempt == MOST_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private <T> T createOnce(
            ImageRef parentRef,
            List<ImageName> names,
            NewImageFields fields,
            @Nullable Long virtualSize,
            @Nullable SeedTemplate seed,
            String createdBy,
            Function<List<ImageEntry>, T> answer) {
        Image parent = catalog.checkClonable(parentRef, virtualSize);
        if (virtualSize != null && virtualSize > parent.virtualSize()) {
            sizes.requireAllowed(virtualSize);
        }
        imageFiles.use(parent.id(), volume::requireFile);
        volume.space().requireRoomFor((seed == null ? OVERLAY_SIZE : OVERLAY_SIZE + SeedDisks.MOST) * names.size());
        long size = virtualSize == null ? parent.virtualSize() : virtualSize;
        List<NewImage> wanted =
                names.stream().map(name -> newImages.named(name, fields)).toList();
        List<NewImageFile> files = new ArrayList<>(names.size());
        try {
            List<Seed> seeded = seed == null ? List.of() : seed(wanted, seed, createdBy, files);
            List<NewClone> clones = make(wanted, size, parent, files);
            return registration.commit(files, () -> {
                List<ImageEntry> added = addStill(parentRef, parent, clones, seeded, createdBy);
                return answer.apply(added);
            });
        } finally {
            files.forEach(NewImageFile::close);
        }
    }

    /** What is said against the parent is not said to whoever has asked for the latest version, where that is another by now. */
    private List<ImageEntry> addStill(
            ImageRef parentRef, Image parent, List<NewClone> clones, List<Seed> seeded, String createdBy) {
        List<ImageEntry> added;
        try {
            added = add(parent, clones, seeded, createdBy);
        } catch (CowshedException refusal) {
            images.requireStill(parentRef, parent.id());
            throw refusal;
        }
        images.requireStill(parentRef, parent.id());
        return added;
    }

    private List<ImageEntry> add(Image parent, List<NewClone> clones, List<Seed> seeded, String createdBy) {
        List<ImageEntry> added = catalog.addClones(parent, clones, createdBy);
        seeds.add(seeded);
        return seeded.isEmpty()
                ? added
                : IntStream.range(0, added.size())
                        .mapToObj(i -> added.get(i).with(seeded.get(i).link()))
                        .toList();
    }

    /** Makes and publishes the seed disks, all or none. */
    private List<Seed> seed(List<NewImage> wanted, SeedTemplate template, String createdBy, List<NewImageFile> files) {
        try {
            List<Seed> seeded = new ArrayList<>(wanted.size());
            for (NewImage image : wanted) {
                NewSeed made = disks.make(image.id(), image.name(), template, createdBy);
                files.add(made.file());
                seeded.add(made.seed());
            }
            NewImageFile.publish(files);
            return seeded;
        } catch (Throwable failure) {
            discard(files, failure);
            throw failure;
        }
    }

    /** Makes and publishes the disks, all or none. After a failure none of {@code files} is left. */
    private List<NewClone> make(List<NewImage> wanted, long size, Image parent, List<NewImageFile> files) {
        List<NewImageFile> own = new ArrayList<>(wanted.size());
        try {
            long rounded = size;
            for (NewImage image : wanted) {
                NewImageFile file = volume.create(image.id());
                files.add(file);
                own.add(file);
                rounded = write(file, image.name(), size, parent);
            }
            List<ImageFileStatus> published = NewImageFile.publish(own);
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
