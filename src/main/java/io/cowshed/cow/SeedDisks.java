package io.cowshed.cow;

import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.Seed;
import io.cowshed.database.TimeOrderedIds;
import io.cowshed.engine.fat.FatVolume;
import io.cowshed.engine.qcow2.SequentialWriter;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.NewImageFile;
import io.cowshed.volume.SeedFiles;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.SequencedMap;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Makes seed disks: QCOW2 images of a volume in which cloud-init finds its files, by its label. */
@Component
class SeedDisks {

    /** What one takes at most, in bytes. */
    static final long MOST = 160 << 10;

    /** As cloud-init looks for it (its documentation, "NoCloud"). */
    private static final String LABEL = "CIDATA";

    /** 4 KiB: of the usual 64 KiB, all but a few would be air. */
    private static final int CLUSTER_BITS = 12;

    private final SeedFiles files;
    private final TimeOrderedIds ids;
    private final Clock clock;

    SeedDisks(Volume volume, TimeOrderedIds ids, Clock clock) {
        this.files = volume.seeds();
        this.ids = ids;
        this.clock = clock;
    }

    /**
     * Makes one; the caller publishes its file.
     *
     * @param image whose it is to be
     * @throws CowshedException if the volume cannot take it
     */
    NewSeed make(UUID image, ImageName name, SeedTemplate template, String createdBy) {
        String fresh = "iid-" + ids.next();
        Instant now = clock.instant();
        CataloguedFile.Seed seed = SeedFiles.another(image);
        SequencedMap<String, ByteBuffer> contents = template.files(name.value(), fresh);
        NewImageFile file = files.create(seed);
        try {
            SequentialWriter disk = new SequentialWriter(
                    file.file(), CLUSTER_BITS, new ImageIdentity(image, name.value()), FatVolume.SIZE);
            ByteBuffer written =
                    FatVolume.of(LABEL, (int) seed.number(), LocalDateTime.ofInstant(now, ZoneOffset.UTC), contents);
            long rest = FatVolume.SIZE - written.remaining();
            disk.write(written);
            disk.zeros(rest);
            disk.finish();
        } catch (IOException e) {
            file.close();
            throw new CowshedException(
                    ProblemType.VOLUME_UNAVAILABLE, "The file of a new seed disk cannot be written.", null, e);
        } catch (Throwable e) {
            file.close();
            throw e;
        }
        return new NewSeed(file, new Seed(seed, template.instanceId(fresh), template.given(), now, createdBy));
    }
}
