package io.cowshed.catalog;

import io.cowshed.event.EventType;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * Takes many images out of use in one transaction, as {@link Catalog#remove} and {@link Trash#put} do one: those that no rule
 * keeps. The others are left as they are; why, those two tell. Waits for nobody who has the row of one of the images locked.
 */
@Component
@Transactional
public class BulkRemoval {

    private final Images images;
    private final Lineages lineages;
    private final Offspring offspring;
    private final Seeds seeds;
    private final ImageEvents events;
    private final JdbcClient database;
    private final Clock clock;

    BulkRemoval(
            Images images,
            Lineages lineages,
            Offspring offspring,
            Seeds seeds,
            ImageEvents events,
            JdbcClient database,
            Clock clock) {
        this.images = images;
        this.lineages = lineages;
        this.offspring = offspring;
        this.seeds = seeds;
        this.events = events;
        this.database = database;
        this.clock = clock;
    }

    /**
     * Those of the images that no rule keeps as things are at the moment: for a caller who is about to touch their files. What
     * follows asks again.
     *
     * @param seen the images as the caller has read them
     */
    @Transactional(readOnly = true)
    public List<Image> unneeded(Collection<Image> seen) {
        return free(seen);
    }

    /**
     * Removes images for good, which may be in the trash; their files are still there. An image with a seed disk is left, too:
     * that has a file of its own.
     *
     * @param parent of all of them, so that no more than one is locked, or null for none
     * @param seen the versions that the caller has read, by image
     * @return those that are gone
     */
    public Set<UUID> remove(@Nullable UUID parent, Map<UUID, Long> seen) {
        List<Image> locked = images.lockIdle(seen);
        Set<UUID> seeded = seeds.links(ids(locked)).keySet();
        List<Image> leaving = free(locked).stream()
                .filter(image -> !seeded.contains(image.id()))
                .toList();
        Set<UUID> gone = ids(leaving);
        if (gone.isEmpty()) {
            return gone;
        }
        events.raise(EventType.IMAGE_REMOVED, leaving);
        if (parent != null) {
            // As late as can be, but before the rows go: whoever clones the parent waits from here on.
            lineages.countChildren(parent, -leaving.size());
        }
        database.sql("delete from image where id in (:gone)")
                .param("gone", gone)
                .update();
        offspring.left(parent);
        return gone;
    }

    /**
     * Moves images to the trash, where they keep their files.
     *
     * @param seen the versions that the caller has read, by image
     * @return those that are there now
     */
    public Set<UUID> trash(Map<UUID, Long> seen) {
        List<Image> leaving = free(images.lockIdle(seen)).stream()
                .filter(image -> image.state() != ImageState.TRASHED)
                .toList();
        leaving.forEach(image -> image.trash(clock.instant()));
        events.raise(EventType.IMAGE_TRASHED, leaving);
        return ids(leaving);
    }

    private List<Image> free(Collection<Image> of) {
        Set<UUID> kept = offspring.kept(ids(of));
        return of.stream()
                .filter(image -> image.isRemovable() && !kept.contains(image.id()))
                .toList();
    }

    private static Set<UUID> ids(Collection<Image> images) {
        return images.stream().map(Image::id).collect(Collectors.toSet());
    }
}
