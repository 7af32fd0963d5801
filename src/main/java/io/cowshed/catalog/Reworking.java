package io.cowshed.catalog;

import io.cowshed.event.EventType;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import jakarta.persistence.EntityManager;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * What operations change in the catalogue: files and parents of images. An operation's claims keep all that it needs as it
 * was when it was asked for, so its changes cannot be refused in the end.
 */
@Component
@Transactional(propagation = Propagation.MANDATORY)
public class Reworking {

    private final Images images;
    private final Lineages lineages;
    private final Offspring offspring;
    private final EntityManager entities;
    private final JdbcClient database;
    private final Depths depths;
    private final ImageEvents events;
    private final Clock clock;
    private final FamilyVersions versions;

    Reworking(
            Images images,
            Lineages lineages,
            Offspring offspring,
            EntityManager entities,
            JdbcClient database,
            Depths depths,
            ImageEvents events,
            Clock clock,
            FamilyVersions versions) {
        this.images = images;
        this.lineages = lineages;
        this.offspring = offspring;
        this.entities = entities;
        this.database = database;
        this.depths = depths;
        this.events = events;
        this.clock = clock;
        this.versions = versions;
    }

    /**
     * Locks the image that an operation is to be about.
     *
     * @param expectedVersions one of which the caller has read, or null for whatever there is
     * @throws ImageNotFound if there is none
     * @throws ImageChanged if it has another version
     */
    public Image lock(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        Image image = images.lock(ref);
        ImageChanged.requireVersion(image, expectedVersions);
        return image;
    }

    /** Locks the parent that an image has, or is to have by less depth, after the image; no rule is asked. */
    public Image lockPresentParent(UUID parent) {
        return images.lock(ImageRef.of(parent));
    }

    /**
     * Locks the direct clones of an image, those in the trash too. To be called before the image itself is locked: those that it
     * gets in between are not among them.
     *
     * @return them, oldest first
     */
    public List<UUID> lockChildren(UUID id) {
        return database.sql("select id from image where parent_id = :id order by created_at, id for update")
                .param("id", id)
                .query(Images.ID)
                .list();
    }

    /**
     * Locks an image that is to become a parent, after the one that is to become its clone.
     *
     * @throws ImageNotFound if there is none
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE, IMAGE_NOT_SEALED or IMAGE_LEAVES if it cannot have more clones
     * @throws DepthLimit if a clone of it would lie too deep
     */
    public Image lockParent(ImageRef ref) {
        Image parent = images.lock(ref);
        checkParent(parent);
        return parent;
    }

    /** That an image could become a parent: what {@link #lockParent} asks, for whoever only wants to know. */
    @Transactional(readOnly = true)
    public void checkParent(Image parent) {
        parent.requireClonable();
        depths.requireBelow(parent);
    }

    /**
     * That the image may come to lie one deeper, below a new parent. It has no clones: it is not sealed.
     *
     * @throws DepthLimit if it would lie too deep
     */
    public void requireRoomBelow(Image image) {
        depths.requireOneMore(image);
    }

    /**
     * Records that an image has an empty file on a new parent, whose own file is in place. Until now that only reserved its
     * name; from now on it is sealed.
     *
     * @param below what the parent's file lies on; null for nothing
     * @param content the digest of what the parent shows
     * @param known that of what the image shows, where it is known
     */
    public void giveParent(
            UUID id,
            UUID parent,
            @Nullable UUID below,
            Layout layoutOfParent,
            KnownDigest content,
            Layout layout,
            @Nullable KnownDigest known) {
        UUID before = images.lock(ImageRef.of(id)).parentId();
        if (before != null) {
            // Before what lies below it, which completing the new parent locks.
            images.lock(ImageRef.of(before));
        }
        complete(parent, below, layoutOfParent, content, true);
        replaceFile(id, parent, layout, known);
    }

    /** Lets an image leave with the last of its children, unless it was protected or published meanwhile. */
    public void retire(UUID id) {
        Image image = images.lock(ImageRef.of(id));
        if (image.state() == ImageState.AVAILABLE
                && image.isSealed()
                && !image.isProtected()
                && versions.of(id).isEmpty()) {
            boolean isNew = image.leaveWhenChildless(clock.instant());
            entities.flush();
            if (!offspring.left(id) && isNew) {
                events.raise(EventType.IMAGE_CHANGED, image);
            }
        }
    }

    /**
     * Records that an image has a new file.
     *
     * @param parent what the file lies on now; null for nothing
     * @param known the digest of what the guest reads, where it is known
     */
    public Image replaceFile(UUID id, @Nullable UUID parent, Layout layout, @Nullable KnownDigest known) {
        Image image = images.lock(ImageRef.of(id));
        move(image, parent);
        return replaceFile(image, parent, layout, known);
    }

    private void move(Image image, @Nullable UUID parent) {
        if (!Objects.equals(image.parentId(), parent)) {
            count(image.parentId(), parent);
        }
    }

    private Image replaceFile(Image image, @Nullable UUID parent, Layout layout, @Nullable KnownDigest known) {
        UUID before = image.parentId();
        image.replaceFile(parent, layout, known, clock.instant());
        entities.flush();
        events.raise(EventType.IMAGE_REWRITTEN, image);
        if (!Objects.equals(before, parent)) {
            offspring.left(before);
        }
        return image;
    }

    /**
     * Records what the file of an image has become in somebody else's hands.
     *
     * @param parent what it lies on now, by its own account; null for nothing
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE if that is no sealed image that is available
     */
    public Image adoptFile(UUID id, @Nullable UUID parent, Layout layout, @Nullable KnownDigest known) {
        Image image = images.lock(ImageRef.of(id));
        move(image, parent);
        // Its row is locked by now, and the schema has not been asked yet.
        if (parent != null && !isClonable(parent)) {
            throw new CowshedException(
                    ProblemType.IMAGE_NOT_AVAILABLE, "What the image lies on now was changed meanwhile.", null);
        }
        return replaceFile(image, parent, layout, known);
    }

    /** Whether an image is there, sealed and available, as its row has it now. */
    public boolean isClonable(UUID id) {
        return database.sql("select exists (select 1 from image where id = :id and clonable)")
                .param("id", id)
                .query(Boolean.class)
                .single();
    }

    /**
     * Records that the file of an image is not what the catalogue can vouch for.
     *
     * @param fault what is wrong, at most 1000 characters
     * @throws ImageHasChildren if others lie on it, who need it as a parent
     * @throws ImagePublished if it is a version of a family
     */
    public Image fail(UUID id, String fault) {
        Image image = images.lock(ImageRef.of(id));
        offspring.requireUnpublished(image, "taken for damaged");
        offspring.requireNone(image, "taken for damaged");
        image.fail(fault, clock.instant());
        entities.flush();
        events.raise(EventType.IMAGE_FAILED, image);
        return image;
    }

    /** Records that the file of an image, which was not what the catalogue could vouch for, is again. */
    public Image recover(UUID id) {
        Image image = images.lock(ImageRef.of(id));
        image.recover(clock.instant());
        entities.flush();
        events.raise(EventType.IMAGE_RECOVERED, image);
        return image;
    }

    /**
     * Makes a reserved image available, whose file is in place and may lie on another's.
     *
     * @param sealed whether its content is frozen from the beginning; then its digest must be known
     */
    public Image complete(UUID id, @Nullable UUID parent, Layout layout, @Nullable KnownDigest known, boolean sealed) {
        Image image = images.lock(ImageRef.of(id));
        count(null, parent);
        image.completeOn(parent, layout, known, clock.instant());
        if (sealed) {
            image.seal(Objects.requireNonNull(known), layout.allocatedSize(), clock.instant());
        }
        entities.flush();
        events.raise(EventType.IMAGE_CREATED, image);
        return image;
    }

    /**
     * Records that the content of an image is frozen.
     *
     * @param content the digest of what the guest reads, and the file it was read from
     * @param allocatedSize of that file, in bytes
     */
    public Image seal(UUID id, KnownDigest content, long allocatedSize) {
        Image image = images.lock(ImageRef.of(id));
        if (image.seal(content, allocatedSize, clock.instant())) {
            entities.flush();
            events.raise(EventType.IMAGE_SEALED, image);
        }
        return image;
    }

    /** Locks both rows, the one that lies deeper first: nobody who holds the lock of an image waits for that of a clone of it. */
    private void count(@Nullable UUID before, @Nullable UUID after) {
        List<UUID> parents = Stream.of(before, after)
                .filter(Objects::nonNull)
                .sorted(Comparator.<UUID>comparingInt(
                                parent -> -lineages.chain(parent).size())
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
        for (UUID parent : parents) {
            lineages.countChildren(parent, parent.equals(after) ? 1 : -1);
        }
    }
}
