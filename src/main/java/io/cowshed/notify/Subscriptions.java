package io.cowshed.notify;

import io.cowshed.database.TimeOrderedIds;
import io.cowshed.event.EventLog;
import io.cowshed.event.EventSequence;
import io.cowshed.event.EventType;
import io.cowshed.event.Events;
import io.cowshed.event.Subject;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Makes, shows, changes and ends subscriptions. */
@Component
@Transactional
public class Subscriptions {

    private static final int LONGEST_DESCRIPTION = 2000;
    private static final int LONGEST_SUBJECT_NAME = 128;

    private final JdbcClient database;
    private final TargetGuard guard;
    private final EventSequence sequence;
    private final EventLog log;
    private final Events events;
    private final TimeOrderedIds ids;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();

    Subscriptions(
            JdbcClient database,
            TargetGuard guard,
            EventSequence sequence,
            EventLog log,
            Events events,
            TimeOrderedIds ids,
            Clock clock) {
        this.database = database;
        this.guard = guard;
        this.sequence = sequence;
        this.log = log;
        this.events = events;
        this.ids = ids;
        this.clock = clock;
    }

    /** A subscription, and the one chance to see its new secret. */
    public record WithSecret(Subscription subscription, String secret) {

        @Override
        public String toString() {
            return "WithSecret[" + subscription.id() + "]";
        }
    }

    /**
     * Makes a subscription to what has no place yet in the order of events.
     *
     * @param secret null for one that is made here
     * @throws CowshedException of type INVALID_REQUEST if something of it cannot be
     */
    public WithSecret create(
            String url, String description, EventFilter filter, @Nullable String secret, String createdBy) {
        URI target = guard.requireAllowed(url);
        WebhookSecret kept = secret == null ? WebhookSecret.generate(random) : WebhookSecret.parse(secret);
        UUID id = ids.next();
        database.sql(
                        "insert into subscription (id, url, description, types, subject_id, labels, state, secret, failures,"
                                + " after_position, created_at, created_by, updated_at, version) values (:id, :url, :description, :types, :subject,"
                                + " :labels, 'active', :secret, 0, :after, :now, :by, :now, 0)")
                .param("after", sequence.last())
                .param("id", id)
                .param("url", url)
                .param("description", requireReadable(description))
                .param("types", String.join(",", filter.types()))
                .param("subject", filter.subject())
                .param("labels", filter.labels())
                .param("secret", kept.text())
                .param("now", now())
                .param("by", createdBy)
                .update();
        raise(EventType.SUBSCRIPTION_CREATED, id, target, Map.of());
        return new WithSecret(find(id), kept.text());
    }

    /**
     * The subscription as it is now.
     *
     * @throws CowshedException of type NOT_FOUND if there is none
     */
    @Transactional(readOnly = true)
    public Subscription find(UUID id) {
        return select(id, "");
    }

    /** All of them, the oldest first. */
    @Transactional(readOnly = true)
    public List<Subscription> list() {
        return database.sql("select " + Subscription.COLUMNS + " from subscription order by created_at, id")
                .query(Subscription.ROW)
                .list();
    }

    /**
     * Changes a subscription. One that is resumed, or that leads elsewhere now, has a new start: it is tried at once.
     *
     * @param expectedVersions one of which the caller has read, or null to change whatever there is
     * @throws CowshedException of type NOT_FOUND, PRECONDITION_FAILED, or INVALID_REQUEST if something of it cannot be
     */
    public Subscription change(UUID id, @Nullable Set<Long> expectedVersions, SubscriptionChange change) {
        Subscription before = lock(id, expectedVersions);
        String url = change.url() == null ? before.url() : change.url();
        // The one that it has may be allowed no more: each try says so, and it can still be paused.
        URI target = change.url() == null ? URI.create(url) : guard.requireAllowed(url);
        EventFilter filter =
                change.filter() == null ? before.filter() : change.filter().apply(before.filter());
        SubscriptionState state = change.state() == null ? before.state() : change.state();
        boolean resumed = state == SubscriptionState.ACTIVE && before.state() != SubscriptionState.ACTIVE;
        boolean startsAnew = resumed || !url.equals(before.url());
        String fresh = startsAnew ? ", failures = 0, failing_since = null, retry_at = null" : "";
        database.sql("update subscription set url = :url, description = :description, types = :types,"
                        + " subject_id = :subject, labels = :labels, state = :state, disabled_reason = :reason,"
                        + " updated_at = :now, version = version + 1" + fresh + " where id = :id")
                .param("id", id)
                .param("url", url)
                .param(
                        "description",
                        change.description() == null ? before.description() : requireReadable(change.description()))
                .param("types", String.join(",", filter.types()))
                .param("subject", filter.subject())
                .param("labels", filter.labels())
                .param("state", state.word())
                .param("reason", state == SubscriptionState.DISABLED ? before.disabledReason() : null)
                .param("now", now())
                .update();
        if (startsAnew) {
            tryAnew(id);
        }
        raise(EventType.SUBSCRIPTION_CHANGED, id, target, Map.of("state", state));
        return find(id);
    }

    /** What was tried in vain before is tried at once, and for as long as anything else. */
    private void tryAnew(UUID id) {
        database.sql("update delivery set tries = 0, trying_since = null, due_at = :now where subscription_id = :id"
                        + " and state = 'pending' and tries > 0")
                .param("id", id)
                .param("now", now())
                .update();
    }

    /**
     * Ends a subscription; what is on its way to it is forgotten.
     *
     * @throws CowshedException of type NOT_FOUND or PRECONDITION_FAILED
     */
    public void remove(UUID id, @Nullable Set<Long> expectedVersions) {
        Subscription before = lock(id, expectedVersions);
        raise(EventType.SUBSCRIPTION_REMOVED, id, URI.create(before.url()), Map.of());
        database.sql("delete from subscription where id = :id").param("id", id).update();
    }

    /**
     * Gives a subscription another secret. Until both ends know it, everything is signed with both.
     *
     * @param secret null for one that is made here
     * @param keepPrevious for how long the old one is valid
     * @throws CowshedException of type NOT_FOUND, or INVALID_REQUEST if it is of another form
     */
    public WithSecret rotate(UUID id, @Nullable String secret, Duration keepPrevious) {
        Subscription before = lock(id, null);
        WebhookSecret kept = secret == null ? WebhookSecret.generate(random) : WebhookSecret.parse(secret);
        database.sql("update subscription set secret = :secret, previous_secret = :previous, previous_until = :until,"
                        + " updated_at = :now, version = version + 1 where id = :id")
                .param("id", id)
                .param("secret", kept.text())
                .param("previous", before.secret().text())
                .param("until", clock.instant().plus(keepPrevious).atOffset(ZoneOffset.UTC))
                .param("now", now())
                .update();
        raise(EventType.SUBSCRIPTION_CHANGED, id, URI.create(before.url()), Map.of("secret", "rotated"));
        return new WithSecret(find(id), kept.text());
    }

    /**
     * Sends a subscription, and no other, an event of its own.
     *
     * @throws CowshedException of type NOT_FOUND, or SUBSCRIPTION_NOT_ACTIVE
     */
    public Subscription test(UUID id) {
        Subscription subscription = lock(id, null);
        if (subscription.state() != SubscriptionState.ACTIVE) {
            throw notActive(subscription);
        }
        raise(EventType.SUBSCRIPTION_TESTED, id, URI.create(subscription.url()), Map.of());
        return subscription;
    }

    /**
     * Has every event since a time that the subscription wants sent again, whether it was before or not.
     *
     * @throws CowshedException of type NOT_FOUND, or SUBSCRIPTION_NOT_ACTIVE if it is disabled
     */
    public Subscription replay(UUID id, Instant since) {
        Subscription subscription = lock(id, null);
        if (subscription.state() == SubscriptionState.DISABLED) {
            throw notActive(subscription);
        }
        OptionalLong first = log.firstSince(since);
        if (first.isPresent()) {
            database.sql("update subscription set replay_after = least(coalesce(replay_after, :after), :after),"
                            + " replay_until = :until where id = :id")
                    .param("id", id)
                    .param("after", first.getAsLong() - 1)
                    .param("until", sequence.last())
                    .update();
        }
        return find(id);
    }

    /** Its row locked until the caller's transaction ends. */
    private Subscription lock(UUID id, @Nullable Set<Long> expectedVersions) {
        Subscription found = select(id, " for update");
        if (expectedVersions != null && !expectedVersions.contains(found.version())) {
            throw new CowshedException(
                    ProblemType.PRECONDITION_FAILED,
                    "The subscription has changed since it was read.",
                    "Read it again: GET /api/v1/subscriptions/" + id + ".");
        }
        return found;
    }

    private Subscription select(UUID id, String locking) {
        return database.sql("select " + Subscription.COLUMNS + " from subscription where id = :id" + locking)
                .param("id", id)
                .query(Subscription.ROW)
                .optional()
                .orElseThrow(() -> new CowshedException(
                        ProblemType.NOT_FOUND,
                        "There is no subscription " + id + ".",
                        "GET /api/v1/subscriptions lists them."));
    }

    /** By its host: the rest of a URL may be a secret of the receiver's. */
    private void raise(EventType type, UUID id, URI target, Map<String, ?> data) {
        String host = target.getHost();
        events.raise(
                type,
                new Subject(
                        Subject.Kind.SUBSCRIPTION,
                        id,
                        host.substring(0, Math.min(host.length(), LONGEST_SUBJECT_NAME))),
                data);
    }

    private static String requireReadable(String description) {
        boolean readable = description.length() <= LONGEST_DESCRIPTION
                && description.codePoints().noneMatch(c -> isUnreadable(c));
        if (!readable) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "The description has more than " + LONGEST_DESCRIPTION
                            + " characters, or control characters in it.",
                    "Use a sentence or two.");
        }
        return description;
    }

    private static boolean isUnreadable(int c) {
        return c != '\n' && c != '\t' && (Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
    }

    private static CowshedException notActive(Subscription subscription) {
        return new CowshedException(
                ProblemType.SUBSCRIPTION_NOT_ACTIVE,
                "The subscription is " + subscription.state().word() + ".",
                "Resume it first: PATCH /api/v1/subscriptions/" + subscription.id() + " with {\"state\": \"active\"}.");
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
