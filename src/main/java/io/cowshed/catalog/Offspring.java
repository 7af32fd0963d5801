package io.cowshed.catalog;

import io.cowshed.event.EventType;
import io.cowshed.operation.Claims;
import io.cowshed.problem.CowshedException;
import jakarta.persistence.EntityManager;
import java.time.Clock;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** What follows from the children that an image has, from the last of them leaving it, and from a family that has it. */
@Component
@Transactional(propagation = Propagation.MANDATORY)
class Offspring {

    private final Images images;
    private final Lineages lineages;
    private final Claims claims;
    private final ImageEvents events;
    private final EntityManager entities;
    private final JdbcClient database;
    private final Clock clock;
    private final ImageUse use;
    private final FamilyVersions versions;

    Offspring(
            Images images,
            Lineages lineages,
            Claims claims,
            ImageEvents events,
            EntityManager entities,
            JdbcClient database,
            Clock clock,
            ImageUse use,
            FamilyVersions versions) {
        this.images = images;
        this.lineages = lineages;
        this.claims = claims;
        this.events = events;
        this.entities = entities;
        this.database = database;
        this.clock = clock;
        this.use = use;
        this.versions = versions;
    }

    /**
     * That the image has no children, in the trash or not.
     *
     * @param attempt what is refused otherwise, as in "cannot be <i>removed</i>"
     * @throws ImageHasChildren if it has
     */
    void requireNone(Image image, String attempt) {
        if (lineages.hasChildren(image.id())) {
            throw some(image, attempt);
        }
    }

    /** Those of the images that others keep from leaving: their children, a family, an operation, or who has them attached. */
    Set<UUID> kept(Set<UUID> images) {
        Set<UUID> kept = new HashSet<>(lineages.parents(images));
        kept.addAll(versions.of(images).keySet());
        kept.addAll(claims.claimed(images));
        kept.addAll(use.attached(images));
        return kept;
    }

    /**
     * That the image is no version of a family.
     *
     * @param attempt as for {@link #requireNone}
     * @throws ImagePublished if it is one
     */
    void requireUnpublished(Image image, String attempt) {
        versions.requireNone(image, attempt);
    }

    /** What the schema refuses of that, and how to say it: for {@link GuardedFlush}. */
    Map<String, Supplier<? extends CowshedException>> refusals(Image image, String attempt) {
        return Map.of(
                Constraint.PARENT, () -> some(image, attempt),
                Constraint.VERSION_IMAGE,
                        () -> versions.of(image.id())
                                .<CowshedException>map(version -> new ImagePublished(image, attempt, version))
                                .orElseGet(() -> image.notIn(ImageState.AVAILABLE, attempt)));
    }

    /** Refuses for whatever keeps an image without children from leaving. */
    void requireSome(Image image) {
        if (!lineages.hasChildren(image.id())) {
            claims.requireNone(image.id());
            use.requireNone(image, "removed");
        }
    }

    /** For a caller whom the schema has refused what cannot be done to an image with children. */
    ImageHasChildren some(Image image, String attempt) {
        return new ImageHasChildren(
                image, attempt, lineages.someChildren(image.id()), lineages.childrenCount(image.id()));
    }

    /**
     * Moves a parent that is to leave with its last child to the trash, when that was it and nobody else needs the parent; to
     * be called when the change of the child is written. The parent's row is locked after the child's, as everywhere.
     *
     * @param parent that the child had; null for none
     * @return whether the parent is in the trash now
     */
    boolean left(@Nullable UUID parent) {
        if (parent == null || !isLeaving(parent)) {
            return false;
        }
        Image image = images.lock(ImageRef.of(parent));
        if (!image.isRemovedWhenChildless()
                || lineages.hasChildren(parent)
                || claims.isClaimed(parent)
                || use.isAttached(parent)) {
            return false;
        }
        image.trash(clock.instant());
        entities.flush();
        events.raise(EventType.IMAGE_TRASHED, image);
        return true;
    }

    private boolean isLeaving(UUID id) {
        return database.sql("select exists (select 1 from image where id = :id and remove_when_childless)")
                .param("id", id)
                .query(Boolean.class)
                .single();
    }
}
