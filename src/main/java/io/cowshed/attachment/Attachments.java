package io.cowshed.attachment;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Lifetime;
import io.cowshed.database.TimeOrderedIds;
import io.cowshed.event.EventType;
import io.cowshed.operation.Claims;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * The rows of attachments. What begins or ends one locks the image's row first, as all do who ask whether it is attached; a sign
 * of life changes nothing that anybody asks for, and locks no image.
 */
@Component
@Transactional
public class Attachments {

    /** How long who ends one is left alone with what its end entails: who helps would have the file, and be in the way. */
    private static final Duration ENDING = Duration.ofSeconds(5);

    private final Images images;
    private final AttachedImages attached;
    private final Claims claims;
    private final JdbcClient database;
    private final TimeOrderedIds ids;
    private final Clock clock;
    private final AttachmentEvents events;

    Attachments(
            Images images,
            AttachedImages attached,
            Claims claims,
            JdbcClient database,
            TimeOrderedIds ids,
            Clock clock,
            AttachmentEvents events) {
        this.images = images;
        this.attached = attached;
        this.claims = claims;
        this.database = database;
        this.ids = ids;
        this.clock = clock;
        this.events = events;
    }

    /**
     * An attachment, and whether it is a new one.
     *
     * @param isNew false where the holder had the image already
     */
    public record Begun(Attachment attachment, boolean isNew) {}

    /**
     * Attaches an image, or renews the attachment that the holder has. The caller has seen to it that nobody has the file open.
     *
     * @throws ImageAttached if others have it in a way that does not go together with that
     * @throws io.cowshed.operation.ImageBusy if an operation changes the image, or, where it is to be written to, needs it
     * @throws CowshedException of type IMAGE_SEALED if a sealed image is to be written to; of type IMAGE_NOT_AVAILABLE; of type
     *     INVALID_REQUEST if a persistent image is not to be kept
     */
    public Begun attach(ImageRef ref, NewAttachment wanted, String createdBy) {
        Image image = images.lock(ref);
        Access access = access(image, wanted);
        if (wanted.onDetach() != null
                && wanted.onDetach() != OnDetach.KEEP
                && image.lifetime() == Lifetime.PERSISTENT) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "Image \"" + image.name() + "\" is persistent: it outlives whoever has it.",
                    "Leave onDetach out. What is to go by itself is made with a lifetime of disposable.");
        }
        Optional<Attachment> own = own(image.id(), wanted.holder());
        if (own.isPresent() && own.get().access() == access) {
            return new Begun(renew(own.get(), wanted), false);
        }
        if (access == Access.RW) {
            attached.requireNone(image, "attached to be written to");
            claims.requireNone(image.id());
        } else {
            attached.requireNoWriter(image, "attached");
            claims.requireUnchanging(image.id());
        }
        return new Begun(insert(image, access, wanted, createdBy), true);
    }

    /**
     * How the image is to be attached.
     *
     * @throws CowshedException of type IMAGE_SEALED or IMAGE_NOT_AVAILABLE if it cannot be
     */
    static Access access(Image image, NewAttachment wanted) {
        image.requireAvailable("attached");
        if (wanted.access() == Access.RW && image.isSealed()) {
            throw new CowshedException(
                    ProblemType.IMAGE_SEALED,
                    "Image \"" + image.name() + "\" is sealed: nobody writes to it.",
                    "Attach a clone of it: POST /api/v1/images/" + image.id()
                            + "/clones, or this one with {\"access\": \"ro\"}.");
        }
        return wanted.access() != null ? wanted.access() : image.isSealed() ? Access.RO : Access.RW;
    }

    /** What the holder has of the image. */
    @Transactional(propagation = Propagation.SUPPORTS)
    public Optional<Attachment> own(UUID image, String holder) {
        return database.sql("select " + Attachment.COLUMNS + " from attachment"
                        + " where held_image_id = :image and holder = :holder and state = 'active'")
                .param("image", image)
                .param("holder", holder)
                .query(Attachment.ROW)
                .optional();
    }

    private Attachment insert(Image image, Access access, NewAttachment wanted, String createdBy) {
        UUID id = ids.next();
        Instant now = now();
        Duration ttl = Objects.requireNonNullElse(wanted.ttl(), NewAttachment.DEFAULT_TTL);
        OnDetach onDetach = Objects.requireNonNullElse(wanted.onDetach(), OnDetach.KEEP);
        database.sql("insert into attachment (id, image_id, image_name, holder, access, on_detach, mount, state,"
                        + " ttl_seconds, created_at, created_by, heartbeat_at, expires_at, held_image_id,"
                        + " writer_image_id, due_at, version) values (:id, :image, :name, :holder, :access, :onDetach,"
                        + " :mount, 'active', :ttl, :now, :by, :now, :expires, :image, :writer, :expires, 0)")
                .param("id", id)
                .param("image", image.id())
                .param("name", image.name())
                .param("holder", wanted.holder())
                .param("access", access.word())
                .param("onDetach", onDetach.word())
                .param("mount", wanted.mount())
                .param("ttl", ttl.toSeconds())
                .param("now", stored(now))
                .param("by", createdBy)
                .param("expires", stored(now.plusSeconds(ttl.toSeconds())))
                .param("writer", access == Access.RW ? image.id() : null)
                .update();
        count(image.id(), 1);
        Attachment made = find(id);
        events.raise(EventType.ATTACHMENT_CREATED, made);
        return made;
    }

    private Attachment renew(Attachment own, NewAttachment wanted) {
        database.sql("update attachment set on_detach = :onDetach, mount = :mount where id = :id")
                .param(
                        "onDetach",
                        Objects.requireNonNullElse(wanted.onDetach(), own.onDetach())
                                .word())
                .param("mount", wanted.mount() == null ? own.mount() : wanted.mount())
                .param("id", own.id())
                .update();
        return heartbeat(own.id(), wanted.ttl());
    }

    /**
     * Hears of a holder. One whose time was over, and which was not ended yet, goes on.
     *
     * @param ttl how long it lasts from now on after each sign of life; null for as long as before
     * @throws AttachmentEnded if it has been ended
     * @throws AttachmentNotFound if there is none
     * @throws CowshedException of type INVALID_REQUEST if it cannot last so long
     */
    public Attachment heartbeat(UUID id, @Nullable Duration ttl) {
        Attachment attachment = find(id);
        Duration lasts = ttl == null ? attachment.ttl() : NewAttachment.requireTtl(ttl);
        Instant now = now();
        int renewed = database.sql(
                        "update attachment set ttl_seconds = :ttl, heartbeat_at = :now, expires_at = :expires,"
                                + " due_at = :expires, version = version + 1 where id = :id and state = 'active'")
                .param("ttl", lasts.toSeconds())
                .param("now", stored(now))
                .param("expires", stored(now.plusSeconds(lasts.toSeconds())))
                .param("id", id)
                .update();
        Attachment after = find(id);
        if (renewed == 0) {
            throw new AttachmentEnded(after, now);
        }
        return after;
    }

    /**
     * The attachment.
     *
     * @throws AttachmentNotFound if there is none
     */
    @Transactional(propagation = Propagation.SUPPORTS)
    public Attachment find(UUID id) {
        return database.sql("select " + Attachment.COLUMNS + " from attachment where id = :id")
                .param("id", id)
                .query(Attachment.ROW)
                .optional()
                .orElseThrow(() -> new AttachmentNotFound(id));
    }

    /**
     * Ends an attachment. What its end entails is still to be done; until then it holds the image. Does nothing to one that has
     * ended.
     *
     * @param by who ends it; null where its time is over
     * @param reason in at most 500 characters; null for none
     * @return it, ended
     */
    Attachment end(UUID id, AttachmentState how, @Nullable String by, @Nullable String reason) {
        endIf(id, "", how, by, reason);
        return find(id);
    }

    /**
     * Ends an attachment whose time is over, unless the holder was heard of meanwhile, or somebody else has ended it.
     *
     * @return whether this has ended it
     */
    boolean lapse(UUID id) {
        return endIf(id, " and expires_at <= :now", AttachmentState.LAPSED, null, null);
    }

    private boolean endIf(
            UUID id, String condition, AttachmentState how, @Nullable String by, @Nullable String reason) {
        UUID image = find(id).image();
        lockRow(image);
        Instant now = now();
        int ended = database.sql("update attachment set state = :state, ended_at = :now, ended_by = :by,"
                        + " end_reason = :reason, due_at = :due, version = version + 1"
                        + " where id = :id and state = 'active'" + condition)
                .param("state", how.word())
                .param("now", stored(now))
                .param("due", stored(now.plus(ENDING)))
                .param("by", by)
                .param("reason", reason)
                .param("id", id)
                .update();
        if (ended > 0) {
            count(image, -1);
            events.ended(find(id), how);
        }
        return ended > 0;
    }

    /** Leaves what the end of an attachment entails, as far as it has not been done, to whoever comes next. */
    Attachment leave(UUID id) {
        database.sql("update attachment set due_at = :now where id = :id and state <> 'active' and due_at > :now")
                .param("now", stored(now()))
                .param("id", id)
                .update();
        return find(id);
    }

    /** Writes down what the file had become. The caller has locked the image's row. */
    void drifted(UUID id, String drift) {
        database.sql("update attachment set drift = :drift, version = version + 1 where id = :id")
                .param("drift", drift)
                .param("id", id)
                .update();
        events.raise(EventType.ATTACHMENT_DRIFTED, find(id));
    }

    /**
     * All is done that the end of an attachment entails: it lets go of the image. The caller has locked the image's row.
     *
     * @return false where that had been done before
     */
    boolean settle(UUID id, Outcome outcome) {
        return database.sql("update attachment set held_image_id = null, writer_image_id = null, due_at = null,"
                                + " outcome = :outcome, version = version + 1"
                                + " where id = :id and state <> 'active' and outcome is null")
                        .param("outcome", outcome.word())
                        .param("id", id)
                        .update()
                > 0;
    }

    /** The image may be gone, with an attachment that is over. */
    private void lockRow(UUID image) {
        database.sql("select id from image where id = :id for update")
                .param("id", image)
                .query()
                .listOfRows();
    }

    /** The image's version stays: nothing that a caller may change has changed. */
    private void count(UUID image, int change) {
        database.sql("update image set attachment_count = attachment_count + :change where id = :image")
                .param("change", change)
                .param("image", image)
                .update();
    }

    /** Both databases keep microseconds. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static OffsetDateTime stored(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
