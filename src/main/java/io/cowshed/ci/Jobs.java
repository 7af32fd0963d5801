package io.cowshed.ci;

import io.cowshed.catalog.ImageEntry;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.web.NewImageFields;
import io.cowshed.cow.Clones;
import io.cowshed.database.Transactions;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.problem.ProblemType;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Decides what a delivery means for its job: in one transaction, with the job's row locked, together with the record of the
 * delivery. So a job gets its disks once, whatever comes twice, late, or in the wrong order, on whichever replica.
 */
@Component
class Jobs {

    private static final Logger LOG = LoggerFactory.getLogger(Jobs.class);

    private final JobRows rows;
    private final JobDisks disks;
    private final Clones clones;
    private final HookDeliveries deliveries;
    private final Transactions transactions;
    private final JsonMapper json;
    private final Clock clock;

    Jobs(
            JobRows rows,
            JobDisks disks,
            Clones clones,
            HookDeliveries deliveries,
            Transactions transactions,
            JsonMapper json,
            Clock clock) {
        this.rows = rows;
        this.disks = disks;
        this.clones = clones;
        this.deliveries = deliveries;
        this.transactions = transactions;
        this.json = json;
        this.clock = clock;
    }

    /** Somebody else has decided meanwhile. */
    private static final class Decided extends RuntimeException {
        Decided(String why) {
            super(why);
        }
    }

    /** Does what a delivery asks for, unless that is done, and records it. */
    Delivery take(Hook hook, Draft draft) {
        JobNews news = draft.message().job();
        if (news == null) {
            return record(draft, Result.of(Outcome.IGNORED, "It is about no job, or says nothing of interest of it."));
        }
        return switch (news.phase()) {
            case READY -> prepare(hook, draft, news);
            case RUNNING -> start(draft, news);
            case DONE, FAILED -> end(hook, draft, news);
        };
    }

    private Delivery start(Draft draft, JobNews news) {
        return orRecorded(
                draft,
                () -> transactions.write(() -> {
                    rows.started(draft.hook(), news.key());
                    return deliveries.record(draft, Result.of(Outcome.RECORDED, "The job runs."));
                }));
    }

    private Delivery prepare(Hook hook, Draft draft, JobNews news) {
        Optional<Rule> rule = hook.ruleFor(news);
        if (rule.isEmpty()) {
            return record(draft, Result.of(Outcome.IGNORED, "No rule is for this job."));
        }
        Optional<String> why = whyNoDisks(hook, news);
        if (why.isPresent()) {
            return record(draft, Result.of(Outcome.IGNORED, why.get()));
        }
        try {
            return makeDisks(hook, draft, news, rule.get());
        } catch (Decided e) {
            return record(draft, Result.of(Outcome.IGNORED, Objects.requireNonNull(e.getMessage())));
        } catch (DuplicateKeyException e) {
            return recorded(draft, e);
        } catch (CowshedException e) {
            if (e instanceof DatabaseUnavailable || e.type() == ProblemType.INTERNAL) {
                throw e;
            }
            return refused(hook, draft, news, e);
        }
    }

    private Optional<String> whyNoDisks(Hook hook, JobNews news) {
        return rows.find(hook.id(), news.key()).map(Job::whyNoDisks);
    }

    private Delivery makeDisks(Hook hook, Draft draft, JobNews news, Rule rule) {
        List<ImageName> names = rule.name().names(news.variables(), rule.count());
        NewImageFields fields = new NewImageFields(
                null,
                rule.labelsFor(hook.provider(), news),
                rule.lifetime(),
                rule.ttl(),
                rule.isDisposable() ? hook.onCompletion().onExpire() : null,
                null);
        return clones.create(
                ImageRef.parse(rule.image()),
                names,
                fields,
                null,
                null,
                "hook:" + hook.name(),
                made -> prepared(draft, news, rule, made));
    }

    /** In the transaction that makes the images. */
    private Delivery prepared(Draft draft, JobNews news, Rule rule, List<ImageEntry> made) {
        String why = rows.lock(draft.hook(), news.key()).whyNoDisks();
        if (why != null) {
            throw new Decided(why);
        }
        List<MadeDisk> images = made.stream()
                .map(entry -> new MadeDisk(entry.image().id(), entry.image().name()))
                .toList();
        // Those that are to stay the job's end has nothing to do with.
        rows.prepared(draft.hook(), news.key(), rule.keepFailedFor(), rule.isDisposable() ? images : List.of());
        return deliveries.record(draft, Result.of(Outcome.CREATED, images));
    }

    /** The same delivery, or another of the same job, may have been faster, and have taken the names. */
    private Delivery refused(Hook hook, Draft draft, JobNews news, CowshedException refusal) {
        Optional<String> why = whyNoDisks(hook, news);
        if (why.isPresent()) {
            return record(draft, Result.of(Outcome.IGNORED, why.get()));
        }
        LOG.warn("Hook {} could not make the disks of job {}: {}", hook.name(), news.key(), refusal.detail());
        return refuse(draft, refusal);
    }

    /** Writes down why it comes to nothing. */
    Delivery refuse(Draft draft, CowshedException refusal) {
        Map<String, Object> problem = new LinkedHashMap<>();
        problem.put("type", refusal.type().uri());
        problem.put("title", refusal.type().title());
        problem.put("status", refusal.type().status().value());
        problem.put("detail", refusal.detail());
        if (refusal.action() != null) {
            problem.put("action", refusal.action());
        }
        return record(
                draft, new Result(Outcome.REFUSED, refusal.detail(), List.of(), json.writeValueAsString(problem)));
    }

    private Delivery end(Hook hook, Draft draft, JobNews news) {
        UUID id = hook.id();
        if (rows.find(id, news.key()).isEmpty() && hook.ruleFor(news).isEmpty()) {
            return record(draft, Result.of(Outcome.IGNORED, "No rule is for this job."));
        }
        Delivery delivery = orRecorded(
                draft,
                () -> transactions.write(() -> {
                    Job job = rows.lock(id, news.key());
                    if (job.endedAt() != null) {
                        return deliveries.record(draft, Result.of(Outcome.IGNORED, "The job had ended before."));
                    }
                    boolean failed = news.phase() == Phase.FAILED;
                    Instant keptUntil = failed && job.keepFailedFor() != null
                            ? clock.instant().plus(job.keepFailedFor())
                            : null;
                    List<MadeDisk> images = rows.ended(id, news.key(), failed, hook.onCompletion(), keptUntil);
                    if (images.isEmpty()) {
                        return deliveries.record(
                                draft,
                                Result.of(Outcome.RECORDED, "The job has ended, and has no disks that go with it."));
                    }
                    return deliveries.record(
                            draft, Result.of(keptUntil == null ? Outcome.REMOVED : Outcome.KEPT, images));
                }));
        disks.settle(id, news.key());
        return delivery;
    }

    private Delivery record(Draft draft, Result result) {
        return orRecorded(draft, () -> deliveries.record(draft, result));
    }

    /** What was recorded of the same delivery while this was at work on it. */
    private Delivery orRecorded(Draft draft, Supplier<Delivery> work) {
        try {
            return work.get();
        } catch (DuplicateKeyException e) {
            return recorded(draft, e);
        }
    }

    private Delivery recorded(Draft draft, DuplicateKeyException failure) {
        return deliveries.find(draft.hook(), draft.key()).orElseThrow(() -> failure);
    }
}
