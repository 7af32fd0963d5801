package io.cowshed.catalog;

import io.cowshed.event.EventType;
import io.cowshed.problem.CowshedException;
import jakarta.persistence.EntityManager;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** How long images live. Each method is one transaction, or part of the caller's. */
@Component
@Transactional
public class Leases {

    /** How long one replica has what it has taken on. */
    private static final Duration TURN = Duration.ofMinutes(5);

    private final Images images;
    private final EntityManager entities;
    private final JdbcClient database;
    private final LeaseTerms terms;
    private final Clock clock;
    private final ImageEvents events;

    Leases(
            Images images,
            EntityManager entities,
            JdbcClient database,
            LeaseTerms terms,
            Clock clock,
            ImageEvents events) {
        this.images = images;
        this.entities = entities;
        this.database = database;
        this.terms = terms;
        this.clock = clock;
        this.events = events;
    }

    /**
     * Gives a disposable image more time.
     *
     * @param expectedVersions one of which the caller has read, or null to renew whatever there is
     * @param ttl from now on
     * @param shorten whether it may end sooner than it would have; else that changes nothing
     * @throws ImageChanged if it has another version
     * @throws CowshedException of type INVALID_REQUEST if it is persistent or would live too long, of type IMAGE_NOT_AVAILABLE
     *     if it is in the trash
     */
    public Image renew(ImageRef ref, @Nullable Set<Long> expectedVersions, Duration ttl, boolean shorten) {
        Image image = lock(ref, expectedVersions, "renewed");
        Lease before = image.requireDisposable();
        Lease renewed = terms.renewed(before, clock.instant(), ttl, shorten);
        if (!renewed.equals(before)) {
            image.lease(renewed);
            entities.flush();
            events.raise(EventType.IMAGE_RENEWED, image);
        }
        return image;
    }

    /**
     * Makes an image persistent. Does nothing to one that is.
     *
     * @param expectedVersions one of which the caller has read, or null to keep whatever there is
     * @throws ImageChanged if it has another version
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE if it is in the trash
     */
    public Image keep(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        Image image = lock(ref, expectedVersions, "kept");
        if (image.lease() != null) {
            image.lease(null);
            image.stay(clock.instant());
            entities.flush();
            events.raise(EventType.IMAGE_KEPT, image);
        }
        return image;
    }

    private Image lock(ImageRef ref, @Nullable Set<Long> expectedVersions, String attempt) {
        Image image = images.lock(ref);
        ImageChanged.requireVersion(image, expectedVersions);
        if (image.state() == ImageState.TRASHED) {
            throw image.notIn(ImageState.AVAILABLE, attempt);
        }
        return image;
    }

    /** The lease as a change of the image asks for it. */
    Lease changed(Lease lease, ImageChange change) {
        Instant now = clock.instant();
        Lease changed = change.onExpire() == null ? lease : lease.withOnExpire(change.onExpire(), now);
        if (change.copy() != null) {
            ImageName name = change.copy().name();
            changed = changed.withCopy(name == null ? null : name.value(), now);
        }
        return change.expiresAt() == null ? changed : terms.until(changed, now, change.expiresAt());
    }

    /**
     * The lease of a disposable image that comes back from the trash.
     *
     * @param ttl from now on; null for what it had left, or, if that is nothing, as long as it once had
     */
    Lease returned(Lease lease, @Nullable Duration ttl) {
        Instant now = clock.instant();
        if (ttl == null && lease.expiresAt().isAfter(now)) {
            return terms.until(lease, now, lease.expiresAt());
        }
        Duration once = Duration.between(lease.from(), lease.expiresAt());
        Duration wanted = ttl != null ? ttl : once.isPositive() ? once : terms.longest();
        return terms.begin(now, wanted, lease.onExpire(), lease.copy() == null ? null : new ImageName(lease.copy()));
    }

    /** A disposable image's end is now; it is announced as any. */
    public void expire(Image image, OnExpire onExpire) {
        Lease lease = image.requireDisposable();
        Instant now = clock.instant();
        image.lease(terms.until(lease.withOnExpire(onExpire, now), now, now));
        entities.flush();
    }

    /**
     * Takes on images that are due to be looked at: those that are there, are due longest, and that nobody else is at. They are due
     * again a few minutes later, unless something comes of it before.
     */
    public List<UUID> takeDue(int limit) {
        Instant now = clock.instant();
        List<UUID> due = database.sql("select id from image where expiry_due_at <= :now and state <> 'creating'"
                        + " order by expiry_due_at, id limit " + limit + " for update skip locked")
                .param("now", now.atOffset(ZoneOffset.UTC))
                .query(Images.ID)
                .list();
        if (!due.isEmpty()) {
            database.sql("update image set expiry_due_at = :later where id in (:due)")
                    .param("later", now.plus(TURN).atOffset(ZoneOffset.UTC))
                    .param("due", due)
                    .update();
        }
        return due;
    }

    /**
     * Records how far the end of an image has come.
     *
     * @param version that the caller has read
     * @return the image
     * @throws ImageNotFound if it is gone
     * @throws ImageChanged if it has another version
     */
    public Image advance(UUID id, long version, UnaryOperator<Lease> step) {
        Image image = images.lock(ImageRef.of(id));
        ImageChanged.requireVersion(image, Set.of(version));
        Lease before = image.requireDisposable();
        Lease after = step.apply(before);
        image.lease(after);
        entities.flush();
        tell(image, before, after);
        return image;
    }

    /**
     * Announces the ends of images, as {@link #advance} records one: of those that have the version still and that nobody else has
     * locked.
     *
     * @param seen the images as the caller has read them, whose ends are not announced yet
     */
    public List<Image> announce(Collection<Image> seen) {
        List<Image> announced = images.lockIdle(seen.stream().collect(Collectors.toMap(Image::id, Image::version)));
        Instant now = clock.instant();
        announced.forEach(image -> image.lease(image.requireDisposable().warned(now)));
        entities.flush();
        events.raise(EventType.IMAGE_EXPIRING, announced);
        return announced;
    }

    private void tell(Image image, Lease before, Lease after) {
        if (before.warnedAt() == null && after.warnedAt() != null) {
            events.raise(EventType.IMAGE_EXPIRING, image);
        }
        if (after.hold() != null && after.hold() != before.hold()) {
            events.raise(
                    after.hold() == ExpiryHold.KEPT ? EventType.IMAGE_EXPIRED : EventType.IMAGE_EXPIRY_HELD, image);
        }
    }
}
