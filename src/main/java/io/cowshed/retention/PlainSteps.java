package io.cowshed.retention;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Lease;
import io.cowshed.catalog.Leases;
import io.cowshed.catalog.OnExpire;
import io.cowshed.cow.Removals;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.volume.Volume;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * The last steps of disposable images that nothing is in the way of, which are nearly all, many at a time: their ends are
 * announced; they go. All others, and those that turn out not to be such, are left to {@link LastSteps}. In no transaction.
 */
@Component
class PlainSteps {

    private static final Logger LOG = LoggerFactory.getLogger(PlainSteps.class);

    private final Images images;
    private final Leases leases;
    private final Removals removals;
    private final Volume volume;
    private final Clock clock;

    PlainSteps(Images images, Leases leases, Removals removals, Volume volume, Clock clock) {
        this.images = images;
        this.leases = leases;
        this.removals = removals;
        this.volume = volume;
        this.clock = clock;
    }

    /**
     * Takes those that are due.
     *
     * @param ids of a few dozens of images
     * @return those of which nothing more is due now
     * @throws DatabaseUnavailable when the database does not answer
     */
    Set<UUID> take(Collection<UUID> ids) {
        List<Image> due = images.find(ids).stream()
                .filter(image -> image.lease() != null && image.lease().dueAt() != null)
                .toList();
        List<Image> announced =
                together(due.stream().filter(image -> !isAnnounced(image)).toList(), leases::announce, List.of());
        Instant now = clock.instant();
        List<Image> over = new ArrayList<>();
        Set<UUID> taken = new HashSet<>();
        Stream.concat(due.stream().filter(PlainSteps::isAnnounced), announced.stream())
                .forEach(image -> {
                    if (image.requireDisposable().isOver(now)) {
                        over.add(image);
                    } else {
                        taken.add(image.id());
                    }
                });
        taken.addAll(together(plain(over, OnExpire.DELETE), removals::purge, Set.of()));
        taken.addAll(together(plain(over, OnExpire.TRASH), removals::trash, Set.of()));
        LOG.debug("Of {} images that were due, {} are done with together", ids.size(), taken.size());
        return taken;
    }

    /** What fails for some is tried with each. */
    private static <T> T together(List<Image> images, Function<List<Image>, T> step, T none) {
        if (images.isEmpty()) {
            return none;
        }
        try {
            return step.apply(images);
        } catch (DatabaseUnavailable e) {
            throw e;
        } catch (RuntimeException e) {
            LOG.info("{} images cannot go on together, and are looked at one by one", images.size(), e);
            return none;
        }
    }

    private List<Image> plain(List<Image> over, OnExpire onExpire) {
        return over.stream()
                .filter(image -> {
                    Lease lease = image.requireDisposable();
                    return lease.onExpire() == onExpire && lease.copy() == null && isIdle(image.id());
                })
                .toList();
    }

    private static boolean isAnnounced(Image image) {
        return image.requireDisposable().warnedAt() != null;
    }

    /** To try for the locks would be in the way of a QEMU that is about to start. */
    private boolean isIdle(UUID id) {
        try {
            return !volume.isInUse(id);
        } catch (CowshedException e) {
            LOG.debug("Image {} is looked at by itself", id, e);
            return false;
        }
    }
}
