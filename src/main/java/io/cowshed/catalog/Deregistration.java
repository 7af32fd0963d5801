package io.cowshed.catalog;

import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.ImageFileMissing;
import io.cowshed.volume.Volume;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.springframework.stereotype.Component;

/**
 * Takes images out of use while nobody has their files open, and lets what became of the commit decide what becomes of the file.
 * In no transaction.
 */
@Component
public class Deregistration {

    private final Settlement settlement;
    private final Seeds seeds;
    private final Volume volume;

    Deregistration(Settlement settlement, Seeds seeds, Volume volume) {
        this.settlement = settlement;
        this.seeds = seeds;
        this.volume = volume;
    }

    /**
     * Changes a row while nobody has the image's file open.
     *
     * @param row changes it, in a transaction of its own
     * @throws io.cowshed.volume.ImageInUse if somebody has
     */
    public void whileIdle(UUID id, Runnable row) {
        HeldImage held;
        try {
            held = volume.hold(id);
        } catch (ImageFileMissing _) {
            volume.requireMounted();
            row.run();
            return;
        }
        try (held) {
            row.run();
        }
    }

    /**
     * Removes an image's row, its file, and that of its seed disk.
     *
     * @param row deletes it, in a transaction of its own
     * @throws io.cowshed.volume.ImageInUse if somebody has one of the files open
     */
    public void purge(UUID id, Runnable row) {
        try (Outgoing disk = Outgoing.of(new CataloguedFile.Disk(id), () -> volume.remove(id), settlement)) {
            disk.after(() -> withSeed(id, row));
        }
    }

    /** While the disk is held, nobody gives the image another seed disk. */
    private UUID withSeed(UUID id, Runnable row) {
        Supplier<UUID> deletion = () -> {
            row.run();
            return id;
        };
        Optional<Seed> seed = seeds.find(id);
        if (seed.isEmpty()) {
            return deletion.get();
        }
        try (Outgoing outgoing = outgoing(seed.get())) {
            return outgoing.after(deletion);
        }
    }

    /**
     * The file of a seed disk, which goes when its row does.
     *
     * @throws io.cowshed.volume.ImageInUse if somebody has it open
     */
    public Outgoing outgoing(Seed seed) {
        return Outgoing.of(seed.file(), () -> volume.seeds().remove(seed.file()), settlement);
    }
}
