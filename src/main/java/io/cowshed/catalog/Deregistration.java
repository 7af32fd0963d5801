package io.cowshed.catalog;

import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.ImageFileMissing;
import io.cowshed.volume.ImageInUse;
import io.cowshed.volume.Removal;
import io.cowshed.volume.Volume;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Takes images out of use while nobody has their files open, and lets what became of the commit decide what becomes of the file.
 * In no transaction.
 */
@Component
public class Deregistration {

    private static final Logger LOG = LoggerFactory.getLogger(Deregistration.class);

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

    /**
     * Changes the rows of images while nobody has their files open, as {@link #whileIdle} does it with one, in one go. Those whose
     * files somebody has open, or which have none, are left out.
     *
     * @param rows changes those of such images, in a transaction of its own, and answers which it has changed
     */
    public Set<UUID> whileIdle(Collection<UUID> ids, UnaryOperator<Set<UUID>> rows) {
        Map<UUID, HeldImage> held = new HashMap<>();
        try {
            for (UUID id : ids) {
                try {
                    held.put(id, volume.hold(id));
                } catch (ImageInUse | ImageFileMissing e) {
                    LOG.debug("Image {} is left to one who looks at it by itself", id, e);
                }
            }
            return held.isEmpty() ? Set.of() : rows.apply(held.keySet());
        } finally {
            held.values().forEach(HeldImage::close);
        }
    }

    /**
     * Removes images' rows and files, as {@link #purge} does it with one, in one go. Those whose files somebody has open, or which
     * have none, are left out; those with seed disks must be.
     *
     * @param rows deletes those of such images, in a transaction of its own, and answers which it has deleted
     */
    public Set<UUID> purge(Collection<UUID> ids, UnaryOperator<Set<UUID>> rows) {
        List<Removal> removals = volume.remove(ids);
        try {
            return removals.isEmpty() ? Set.of() : Outgoing.after(removals, rows, settlement);
        } finally {
            removals.forEach(Removal::close);
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
