package io.cowshed.catalog;

import io.cowshed.event.EventType;
import io.cowshed.operation.Claims;
import io.cowshed.operation.ImageBusy;
import io.cowshed.problem.CowshedException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * Images on their way out, and back. One in the trash has no name and no children, and keeps its file and its parent; {@link
 * Catalog#remove} ends it. Each method is one transaction, or part of the caller's.
 */
@Component
@Transactional
public class Trash {

    private static final int LEAVING_AT_A_TIME = 1000;

    private final Images images;
    private final Offspring offspring;
    private final Names names;
    private final GuardedFlush flush;
    private final Claims claims;
    private final ImageEvents events;
    private final JdbcClient database;
    private final Clock clock;
    private final ImageUse use;
    private final Leases leases;

    Trash(
            Images images,
            Offspring offspring,
            Names names,
            GuardedFlush flush,
            Claims claims,
            ImageEvents events,
            JdbcClient database,
            Clock clock,
            ImageUse use,
            Leases leases) {
        this.images = images;
        this.offspring = offspring;
        this.names = names;
        this.flush = flush;
        this.claims = claims;
        this.events = events;
        this.database = database;
        this.clock = clock;
        this.use = use;
        this.leases = leases;
    }

    /**
     * An image in the trash.
     *
     * @param at since when
     * @param version that it has there
     */
    public record Trashed(UUID id, Instant at, long version) {}

    /**
     * Moves an image to the trash. Does nothing to one that is there.
     *
     * @param expectedVersions one of which the caller has read, or null to remove whatever there is
     * @throws ImageChanged if it has another version
     * @throws ImageHasChildren if it has any, in the trash or not
     * @throws ImagePublished if it is a version of a family
     * @throws ImageBusy if an operation needs it
     * @throws CowshedException of type IMAGE_PROTECTED or IMAGE_ATTACHED, or of type IMAGE_NOT_AVAILABLE while it is creating
     */
    public Image put(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        Image image = images.lock(ref);
        ImageChanged.requireVersion(image, expectedVersions);
        if (image.state() == ImageState.TRASHED) {
            return image;
        }
        image.requireRemovable();
        offspring.requireUnpublished(image, "removed");
        offspring.requireNone(image, "removed");
        claims.requireNone(image.id());
        use.requireNone(image, "removed");
        image.trash(clock.instant());
        flush.orRefuse(offspring.refusals(image, "removed"));
        events.raise(EventType.IMAGE_TRASHED, image);
        return image;
    }

    /**
     * Moves an image to the trash with the last of its children, until when it gets no more of them: at once where it has
     * none. Asking twice changes nothing.
     *
     * @param expectedVersions as for {@link #put}
     * @throws ImageChanged as there
     * @throws ImagePublished as there
     * @throws ImageBusy if it has no children, and an operation needs it
     * @throws CowshedException as there
     */
    public Image putWhenChildless(ImageRef ref, @Nullable Set<Long> expectedVersions) {
        Image image = images.lock(ref);
        ImageChanged.requireVersion(image, expectedVersions);
        if (image.state() == ImageState.TRASHED) {
            return image;
        }
        offspring.requireUnpublished(image, "removed");
        boolean isNew = image.leaveWhenChildless(clock.instant());
        flush.orRefuse(Map.of());
        if (!offspring.left(image.id())) {
            offspring.requireSome(image);
            if (isNew) {
                events.raise(EventType.IMAGE_CHANGED, image);
            }
        }
        return image;
    }

    /**
     * Takes an image out of the trash, or keeps one that was to go there with the last of its children.
     *
     * @param name for it; null for the one that it had
     * @param ttl of a disposable image, from now on; null for what it had left, or as long as it once had if that is nothing
     * @param expectedVersions one of which the caller has read, or null for whatever there is
     * @throws ImageChanged if it has another version
     * @throws NameTaken if another image has the name meanwhile
     * @throws ImageBusy if an operation is at work on it
     * @throws CowshedException of type INVALID_REQUEST if another name is given to an image that is not in the trash, or that of
     *     the copy that is to be made of it; of type IMAGE_NOT_AVAILABLE while it is creating
     */
    public Image restore(
            ImageRef ref, @Nullable ImageName name, @Nullable Duration ttl, @Nullable Set<Long> expectedVersions) {
        Image image = images.lock(ref);
        ImageChanged.requireVersion(image, expectedVersions);
        if (image.state() == ImageState.TRASHED) {
            claims.requireNone(image.id());
            List<ImageName> wanted = List.of(name == null ? new ImageName(image.name()) : name);
            names.requireFree(wanted);
            image.restore(wanted.getFirst(), returned(image, ttl), clock.instant());
            LeaseTerms.requireOtherName(image.name(), image.lease());
            flush.orRefuse(Map.of(Constraint.LIVE_NAME, () -> names.taken(wanted)));
            events.raise(EventType.IMAGE_RESTORED, image);
            return image;
        }
        image.requireAvailable("restored");
        if (name != null && !name.value().equals(image.name())) {
            throw Text.refuse(
                    "Image " + Text.quote(image.name()) + " is not in the trash: restoring does not rename it.",
                    "Rename it: PATCH /api/v1/images/" + image.id() + " with {\"name\": …}.");
        }
        if (image.stay(clock.instant())) {
            // One that leaves because its time is over would leave again.
            image.lease(returned(image, ttl));
            flush.orRefuse(Map.of());
            events.raise(EventType.IMAGE_CHANGED, image);
        }
        return image;
    }

    private @Nullable Lease returned(Image image, @Nullable Duration ttl) {
        return image.lease() == null && ttl == null ? null : leases.returned(image.requireDisposable(), ttl);
    }

    /**
     * Images that went to the trash at that time or earlier, those first that are there longest.
     *
     * @param after the last one that the caller has seen, or null to begin
     */
    @Transactional(readOnly = true)
    public List<Trashed> before(Instant time, @Nullable Trashed after, int limit) {
        String seek = after == null ? "" : " and trashed_at >= :at and (trashed_at > :at or id > :id)";
        JdbcClient.StatementSpec query = database.sql("select id, trashed_at, version from image"
                        + " where trashed_at <= :time" + seek + " order by trashed_at, id limit " + limit)
                .param("time", time.atOffset(ZoneOffset.UTC));
        if (after != null) {
            query = query.param("at", after.at().atOffset(ZoneOffset.UTC)).param("id", after.id());
        }
        return query.query((row, _) -> new Trashed(
                        row.getObject("id", UUID.class),
                        row.getObject("trashed_at", OffsetDateTime.class).toInstant(),
                        row.getLong("version")))
                .list();
    }

    /** All images that are in the trash. */
    @Transactional(readOnly = true)
    public Set<UUID> all() {
        return new HashSet<>(database.sql("select id from image where trashed_at is not null")
                .query(Images.ID)
                .list());
    }

    /** Some images that should be in the trash with their last child, and were needed by an operation when that left. */
    @Transactional(readOnly = true)
    public List<UUID> leaving() {
        return database.sql("select id from image where remove_when_childless and child_count = 0 order by id limit "
                        + LEAVING_AT_A_TIME)
                .query(Images.ID)
                .list();
    }

    /** Moves one of those to the trash, if nothing keeps it any more. */
    public boolean putIfChildless(UUID id) {
        return offspring.left(id);
    }
}
