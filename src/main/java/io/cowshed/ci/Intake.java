package io.cowshed.ci;

import io.cowshed.database.SqlFailures;
import io.cowshed.database.TimeOrderedIds;
import io.cowshed.event.Actor;
import io.cowshed.problem.CowshedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;

/** Takes deliveries: each is verified first, read then, and has one effect, however often it is sent. */
@Component
public class Intake {

    private static final int MAX_KEY = 128;

    /** What is violated when somebody removes the hook meanwhile. */
    private static final Set<String> HOOK_IS_THERE = Set.of("hook_delivery_hook_fk", "ci_job_hook_fk");

    private final Verification verification;
    private final DeliveryRate rate;
    private final Payloads payloads;
    private final Hooks hooks;
    private final HookDeliveries deliveries;
    private final Jobs jobs;
    private final TimeOrderedIds ids;
    private final Clock clock;

    Intake(
            Verification verification,
            DeliveryRate rate,
            Payloads payloads,
            Hooks hooks,
            HookDeliveries deliveries,
            Jobs jobs,
            TimeOrderedIds ids,
            Clock clock) {
        this.verification = verification;
        this.rate = rate;
        this.payloads = payloads;
        this.hooks = hooks;
        this.deliveries = deliveries;
        this.jobs = jobs;
        this.ids = ids;
        this.clock = clock;
    }

    /**
     * Takes a delivery, or answers what came of it when it was taken before.
     *
     * @throws CowshedException of type DELIVERY_UNVERIFIED if it is not signed as the hook wants it, or there is no such hook; of
     *     type OVERLOADED if the hook makes too many; of type MALFORMED_BODY if it is not what the provider sends, which is
     *     written down all the same
     */
    public Delivery take(Incoming incoming) {
        Hook hook = verification.require(incoming);
        rate.take(hook.id());
        String key = key(hook, incoming);
        String event = incoming.said("X-GitHub-Event");
        String body = "";
        Draft draft;
        try {
            body = text(incoming.body());
            draft = draft(hook, key, payloads.read(hook, event, body), body);
        } catch (UnreadableDelivery e) {
            Draft unread = draft(hook, key, new Message(event, "", null), body);
            once(hook, unread, () -> jobs.refuse(unread, e));
            throw e;
        }
        return once(hook, draft, () -> jobs.take(hook, draft));
    }

    private Draft draft(Hook hook, String key, Message message, String body) {
        return new Draft(
                ids.next(), hook.id(), key, clock.instant().truncatedTo(ChronoUnit.MICROS), message, body, false);
    }

    /** What came of it when it was taken before; otherwise, what comes of it now. */
    private Delivery once(Hook hook, Draft draft, Supplier<Delivery> taking) {
        Optional<Delivery> known = deliveries.find(hook.id(), draft.key());
        if (known.isPresent()) {
            return known.get();
        }
        try {
            return Actor.onBehalfOf("hook:" + hook.name()).call(taking::get);
        } catch (DataIntegrityViolationException e) {
            if (isHookGone(e)) {
                throw new Unverified();
            }
            throw e;
        }
    }

    private static boolean isHookGone(DataIntegrityViolationException failure) {
        return SqlFailures.violatedConstraint(failure)
                .filter(HOOK_IS_THERE::contains)
                .isPresent();
    }

    /**
     * Goes through a delivery again, by the rules that the hook has now. What was done for its job stays done.
     *
     * @throws HookNotFound if there is no such hook
     * @throws DeliveryNotFound if it has no such delivery
     */
    public Delivery replay(UUID hookId, UUID id) {
        Hook hook = hooks.find(hookId);
        Delivery before = deliveries.find(hookId, id);
        String body = deliveries.body(before);
        Message message = payloads.read(hook, before.event(), body);
        Draft draft = new Draft(id, hookId, before.key(), before.receivedAt(), message, body, true);
        try {
            return wantsDisksInVain(hook, message.job())
                    ? deliveries.record(draft, Result.of(Outcome.IGNORED, Job.ENDED))
                    : jobs.take(hook, draft);
        } catch (DataIntegrityViolationException e) {
            if (isHookGone(e)) {
                throw new HookNotFound(hookId);
            }
            throw e;
        }
    }

    /** Whether the end of the job was heard of, be it when no rule was for it: then nothing else is known of it. */
    private boolean wantsDisksInVain(Hook hook, @Nullable JobNews job) {
        return job != null
                && job.phase() == Phase.READY
                && deliveries.list(hook.id(), null, job.key(), null, HookDeliveries.MAX_LIMIT).stream()
                        .map(delivery -> phase(hook, delivery))
                        .anyMatch(phase -> phase == Phase.DONE || phase == Phase.FAILED);
    }

    /** How far its job has come; null where it is about none, by the mapping that the hook has now. */
    private @Nullable Phase phase(Hook hook, Delivery delivery) {
        try {
            JobNews job = payloads.read(hook, delivery.event(), deliveries.body(delivery))
                    .job();
            return job == null ? null : job.phase();
        } catch (UnreadableDelivery | DeliveryNotFound _) {
            return null;
        }
    }

    /**
     * What a delivery is told from others by. GitLab's Idempotency-Key is that of one delivery, its X-Gitlab-Event-UUID that of
     * all that come of one request, so that the body is needed too. A signature with its time is as good as an id.
     */
    private static String key(Hook hook, Incoming incoming) {
        String said = switch (hook.provider()) {
            case GITHUB -> incoming.said("X-GitHub-Delivery");
            case GITLAB -> incoming.said("Idempotency-Key");
            case GENERIC -> incoming.said(Objects.requireNonNull(hook.mapping()).deliveryHeader());
        };
        if (!said.isEmpty()) {
            return said.length() <= MAX_KEY ? said : Sha256.hex(said.getBytes(StandardCharsets.UTF_8));
        }
        return switch (hook.provider()) {
            case GITHUB -> Sha256.hex(incoming.body());
            case GITLAB -> Words.fit(incoming.said("X-Gitlab-Event-UUID"), MAX_KEY) + ":" + Sha256.hex(incoming.body());
            case GENERIC ->
                incoming.said(Objects.requireNonNull(hook.mapping()).timestampHeader()) + ":"
                        + Sha256.hex(incoming.body());
        };
    }

    private static String text(byte[] body) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            if (text.indexOf('\0') < 0) {
                return text;
            }
        } catch (CharacterCodingException _) {
            // refused below
        }
        throw new UnreadableDelivery("is not UTF-8 text", null);
    }
}
