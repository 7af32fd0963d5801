package io.cowshed.retention;

import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Trash;
import io.cowshed.cow.Removals;
import io.cowshed.database.ClockWatch;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.volume.Volume;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Purges what has been in the trash for long enough, that first which is there longest; nothing in the trash has children. What
 * is in use, or needed by an operation, is passed over until the next time, and so is what another replica is purging, or what
 * somebody has just restored: its version is another then.
 */
@Component
@EnableConfigurationProperties(TrashProperties.class)
class TrashPurge {

    private static final Logger LOG = LoggerFactory.getLogger(TrashPurge.class);

    private final Trash trash;
    private final Images images;
    private final Removals removals;
    private final Volume volume;
    private final TrashProperties properties;
    private final Clock clock;
    private final ClockWatch clockWatch;
    private final Turns turns;

    TrashPurge(
            Trash trash,
            Images images,
            Removals removals,
            Volume volume,
            TrashProperties properties,
            Clock clock,
            ClockWatch clockWatch,
            Turns turns) {
        this.trash = trash;
        this.images = images;
        this.removals = removals;
        this.volume = volume;
        this.properties = properties;
        this.clock = clock;
        this.clockWatch = clockWatch;
        this.turns = turns;
    }

    @Scheduled(initialDelay = 60_000, fixedDelay = 60_000)
    void run() {
        if (!clockWatch.isTrusted()) {
            return;
        }
        try {
            putLeaving();
            purge(clock.instant().minus(properties.keep()));
        } catch (RuntimeException e) {
            LOG.warn("The trash could not be gone through; it will be tried again", e);
        }
    }

    /** Parents whose last child left while an operation still needed them. */
    private void putLeaving() {
        for (UUID id : trash.leaving()) {
            if (trash.putIfChildless(id)) {
                LOG.info("Moved image {} to the trash, since its last child has left", id);
            }
        }
    }

    private void purge(Instant before) {
        AtomicReference<Trash.@Nullable Trashed> last = new AtomicReference<>();
        turns.takeAll(() -> {
            List<Trash.Trashed> page = trash.before(before, last.get(), Turns.PAGE);
            if (page.isEmpty()) {
                return false;
            }
            purge(page);
            last.set(page.getLast());
            return clockWatch.isTrusted();
        });
    }

    /** Together what can go together, which is nearly all, and then the others. */
    private void purge(List<Trash.Trashed> page) {
        Set<UUID> gone = together(page);
        page.stream().filter(image -> !gone.contains(image.id())).forEach(this::purge);
    }

    private Set<UUID> together(List<Trash.Trashed> page) {
        Set<Trash.Trashed> listed = Set.copyOf(page);
        try {
            return removals.purge(images
                    .find(page.stream().map(Trash.Trashed::id).toList())
                    .stream()
                    .filter(image -> image.trashedAt() != null
                            && listed.contains(new Trash.Trashed(image.id(), image.trashedAt(), image.version())))
                    .toList());
        } catch (DatabaseUnavailable e) {
            throw e;
        } catch (RuntimeException e) {
            LOG.info("{} images cannot be purged together, and are looked at one by one", page.size(), e);
            return Set.of();
        }
    }

    /** One that cannot be purged does not keep the others. */
    private void passOver(Trash.Trashed image, CowshedException failure) {
        if (failure instanceof DatabaseUnavailable) {
            throw failure;
        }
        volume.requireMounted();
        LOG.warn("Image {} cannot be purged from the trash: {}", image.id(), failure.detail(), failure);
    }

    private void purge(Trash.Trashed image) {
        try {
            removals.purge(ImageRef.of(image.id()), Set.of(image.version()));
            LOG.info("Purged image {}, in the trash since {}", image.id(), image.at());
        } catch (CowshedException e) {
            if (Removals.isForNow(e)) {
                LOG.debug("Image {} stays in the trash for now", image.id(), e);
            } else {
                passOver(image, e);
            }
        } catch (RuntimeException e) {
            LOG.warn("Image {} stays in the trash for now, and is tried again", image.id(), e);
        }
    }
}
