package io.cowshed.catalog;

import jakarta.persistence.Column;
import jakarta.persistence.Convert;
import jakarta.persistence.Embeddable;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How long a disposable image lives, what becomes of it then, and how far that is. {@link LeaseTerms} make them.
 *
 * @param from since when the longest life is counted
 * @param copy the name of a copy to be made before the image goes; null for none
 * @param copyOperation which makes it, or made it; null for none yet
 * @param copyStamp the file that it was asked for, as {@link #stamp}; null with {@code copyOperation}
 * @param warnAt when the end is to be announced
 * @param warnedAt when that was done; null if it has not been
 * @param dueAt when the image is to be looked at next; null where nothing is to be done
 * @param hold what kept the image when it was to go; null for nothing
 * @param holdDetail that in words, for people; null for nothing
 * @param attempts how often it was to go, and was kept
 */
@Embeddable
public record Lease(
        @Column(name = "lease_from") Instant from,
        Instant expiresAt,
        @Convert(converter = Words.OfOnExpire.class) OnExpire onExpire,
        @Column(name = "copy_before_delete") @Nullable String copy,
        @Nullable UUID copyOperation,
        @Nullable String copyStamp,
        @Column(name = "expiry_warn_at") Instant warnAt,
        @Column(name = "expiry_warned_at") @Nullable Instant warnedAt,
        @Column(name = "expiry_due_at") @Nullable Instant dueAt,

        @Column(name = "expiry_hold") @Convert(converter = Words.OfExpiryHold.class) @Nullable
        ExpiryHold hold,

        @Column(name = "expiry_hold_detail") @Nullable String holdDetail,
        @Column(name = "expiry_attempts") int attempts) {

    /** How long one whose file is being copied is let alone, between looks. */
    private static final Duration COPYING = Duration.ofSeconds(15);

    private static final Duration FIRST_PAUSE = Duration.ofMinutes(1);

    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(10);

    private static final int MAX_DETAIL = 1000;

    /** The file as it must be for a copy of it to be good. */
    public static String stamp(FileStamp file) {
        return file.size() + "-" + file.modifiedNanos();
    }

    /** Whether it is time to go: the end is past, and was announced for as long as it had to be. */
    public boolean isOver(Instant now) {
        return warnedAt != null && !expiresAt.isAfter(now) && !goesAt(warnedAt).isAfter(now);
    }

    /** As long as it was to last, from now on: what it is the life of is there at last. */
    Lease begun(Instant now) {
        Duration later = Duration.between(from, stored(now));
        return lasting(from.plus(later), expiresAt.plus(later), warnAt.plus(later));
    }

    /** With another end: what was said about the old one does not hold any more. */
    Lease until(Instant end, Instant warning) {
        return lasting(from, end, warning);
    }

    private Lease lasting(Instant begin, Instant end, Instant warning) {
        return new Lease(begin, end, onExpire, copy, null, null, warning, null, warning, null, null, 0);
    }

    Lease withOnExpire(OnExpire other, Instant now) {
        return other == onExpire
                ? this
                : new Lease(
                        from,
                        expiresAt,
                        other,
                        copy,
                        copyOperation,
                        copyStamp,
                        warnAt,
                        warnedAt,
                        due(now),
                        null,
                        null,
                        0);
    }

    Lease withCopy(@Nullable String name, Instant now) {
        return new Lease(from, expiresAt, onExpire, name, null, null, warnAt, warnedAt, due(now), null, null, 0);
    }

    /** The end has been announced. */
    public Lease warned(Instant now) {
        return new Lease(
                from,
                expiresAt,
                onExpire,
                copy,
                copyOperation,
                copyStamp,
                warnAt,
                stored(now),
                goesAt(now),
                hold,
                holdDetail,
                attempts);
    }

    /** The copy has been asked for. */
    public Lease copying(UUID operation, String stamp, Instant now) {
        return copiedBy(operation, stamp)
                .next(
                        stored(now.plus(COPYING)),
                        ExpiryHold.COPYING,
                        "It is being copied to \"" + copy + "\" first.",
                        attempts);
    }

    /** Still being copied. */
    public Lease waiting(Instant now) {
        return next(stored(now.plus(COPYING)), hold, holdDetail, attempts);
    }

    /** The copy is none: the next attempt begins with another. */
    public Lease uncopied() {
        return copiedBy(null, null);
    }

    /** Something keeps the image: it is tried again later, with growing pauses. */
    public Lease held(ExpiryHold by, String detail, Instant now) {
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(attempts, 10));
        Instant again = now.plus(pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause);
        return next(
                stored(again),
                by,
                detail.length() > MAX_DETAIL ? detail.substring(0, MAX_DETAIL) : detail,
                attempts + 1);
    }

    /** It stays until somebody decides. */
    public Lease flagged() {
        return next(null, ExpiryHold.KEPT, "It has expired, and is kept as was asked.", attempts);
    }

    /** Looked at by nobody while the image is in the trash. */
    Lease resting() {
        return copiedBy(null, null).next(null, null, null, 0);
    }

    /** What kept it may be gone. */
    Lease hurried(Instant now) {
        return hold == null || dueAt == null ? this : next(due(now), hold, holdDetail, attempts);
    }

    /** The same terms, and when to look next, after what kept the image this time. */
    private Lease next(@Nullable Instant due, @Nullable ExpiryHold by, @Nullable String detail, int tries) {
        return new Lease(
                from, expiresAt, onExpire, copy, copyOperation, copyStamp, warnAt, warnedAt, due, by, detail, tries);
    }

    private Lease copiedBy(@Nullable UUID operation, @Nullable String stamp) {
        return new Lease(
                from, expiresAt, onExpire, copy, operation, stamp, warnAt, warnedAt, dueAt, hold, holdDetail, attempts);
    }

    private Instant due(Instant now) {
        return warnedAt == null ? warnAt : max(goesAt(warnedAt), stored(now));
    }

    /** When it may go at the earliest, announced at that time. */
    private Instant goesAt(Instant announced) {
        return max(expiresAt, stored(announced.plus(Duration.between(warnAt, expiresAt))));
    }

    private static Instant max(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private static Instant stored(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MICROS);
    }
}
