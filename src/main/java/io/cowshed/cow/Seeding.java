package io.cowshed.cow;

import io.cowshed.catalog.Deregistration;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Outgoing;
import io.cowshed.catalog.Registration;
import io.cowshed.catalog.Seed;
import io.cowshed.catalog.SeedNotFound;
import io.cowshed.catalog.Seeds;
import io.cowshed.operation.Claims;
import io.cowshed.problem.CowshedException;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.ImageInUse;
import io.cowshed.volume.Volume;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Gives images seed disks, and takes them away, while nobody has the image or its seed disk open: a guest reads the one when it
 * starts with the other. That keeps out whoever would do the same, or purge the image, at this moment.
 */
@Component
public class Seeding {

    private final Images images;
    private final Seeds seeds;
    private final SeedDisks disks;
    private final ImageFiles imageFiles;
    private final Registration registration;
    private final Deregistration deregistration;
    private final Claims claims;
    private final Volume volume;

    Seeding(
            Images images,
            Seeds seeds,
            SeedDisks disks,
            ImageFiles imageFiles,
            Registration registration,
            Deregistration deregistration,
            Claims claims,
            Volume volume) {
        this.images = images;
        this.seeds = seeds;
        this.disks = disks;
        this.imageFiles = imageFiles;
        this.registration = registration;
        this.deregistration = deregistration;
        this.claims = claims;
        this.volume = volume;
    }

    /**
     * Gives an image a seed disk, in place of the one that it may have.
     *
     * @param expectedVersions of its seed disk, one of which the caller has read, or null to replace whatever there is
     * @param answer made in the transaction that records it, from the seed disk and whether it is the image's first
     * @throws CowshedException where a rule forbids it, or the volume cannot take it
     */
    public <T> T put(
            ImageRef ref,
            SeedTemplate template,
            @Nullable Set<Long> expectedVersions,
            String createdBy,
            BiFunction<Seed, Boolean, T> answer) {
        Image image = images.find(ref);
        image.requireAvailable("given a seed disk");
        volume.space().requireRoomFor(SeedDisks.MOST);
        return whileIdle(image.id(), () -> {
            Optional<Seed> old = seeds.find(image.id());
            try (NewSeed made = disks.make(image.id(), new ImageName(image.name()), template, createdBy);
                    Outgoing outgoing = old.map(deregistration::outgoing).orElse(null)) {
                Supplier<T> rows = () -> {
                    made.file().publish();
                    return registration.commit(List.of(made.file()), () -> {
                        seeds.put(made.seed(), old.map(Seed::file).orElse(null), expectedVersions);
                        return answer.apply(made.seed(), old.isEmpty());
                    });
                };
                return outgoing == null ? rows.get() : outgoing.after(rows);
            }
        });
    }

    /**
     * Takes an image's seed disk away.
     *
     * @param expectedVersions as for {@link #put}
     * @throws SeedNotFound if it has none
     * @throws CowshedException as there
     */
    public void remove(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        Image image = images.find(ref);
        image.requireAvailable("deprived of its seed disk");
        whileIdle(image.id(), () -> {
            Seed seed = seeds.require(ImageRef.of(image.id()));
            try (Outgoing outgoing = deregistration.outgoing(seed)) {
                return outgoing.after(() -> {
                    seeds.remove(seed.file(), expectedVersions);
                    return seed;
                });
            }
        });
    }

    /** Where the file is in use by an operation, it is the operation that the caller is told of. */
    private <T> T whileIdle(UUID id, Supplier<T> work) {
        claims.requireNoneForNow(id);
        try (HeldImage _ = imageFiles.use(id, volume::hold)) {
            return work.get();
        } catch (ImageInUse e) {
            claims.requireNoneForNow(id);
            throw e;
        }
    }
}
