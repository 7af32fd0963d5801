package io.cowshed.ci;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageChange;
import io.cowshed.catalog.ImageChanged;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Lease;
import io.cowshed.catalog.LeaseTerms;
import io.cowshed.catalog.Leases;
import io.cowshed.catalog.OnExpire;
import io.cowshed.cow.Removals;
import io.cowshed.database.Transactions;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.problem.ProblemType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Does what the end of a job entails for its disks. That was decided with the job's row, and is tried until it is done, by any
 * replica: one that is in use goes as soon as it is not.
 */
@Component
class JobDisks {

    private static final Logger LOG = LoggerFactory.getLogger(JobDisks.class);

    private static final Duration NEXT_TRY = Duration.ofSeconds(30);
    private static final String SELECT = "select image_id, task, kept_until from ci_disk where ";
    private static final RowMapper<DiskTask> TASK = (row, _) -> {
        OffsetDateTime until = row.getObject("kept_until", OffsetDateTime.class);
        return new DiskTask(
                row.getObject("image_id", UUID.class), row.getString("task"), until == null ? null : until.toInstant());
    };

    private final JdbcClient database;
    private final Images images;
    private final Catalog catalog;
    private final Removals removals;
    private final Transactions transactions;
    private final Leases leases;
    private final LeaseTerms terms;
    private final Clock clock;

    JobDisks(
            JdbcClient database,
            Images images,
            Catalog catalog,
            Removals removals,
            Transactions transactions,
            Leases leases,
            LeaseTerms terms,
            Clock clock) {
        this.database = database;
        this.images = images;
        this.catalog = catalog;
        this.removals = removals;
        this.transactions = transactions;
        this.leases = leases;
        this.terms = terms;
        this.clock = clock;
    }

    /** Does what is due for the disks of one job, as far as that can be done now. */
    void settle(UUID hook, String key) {
        tasks(database.sql(SELECT + "hook_id = :hook and job_key = :key and task is not null order by image_id")
                        .param("hook", hook)
                        .param("key", key))
                .forEach(this::settle);
    }

    /** Does what is due, for that many disks at most. Answers for how many it tried. */
    int settleDue(int limit) {
        List<DiskTask> due = tasks(database.sql(SELECT + "due_at <= :now order by due_at, image_id limit " + limit)
                .param("now", now()));
        due.forEach(this::settle);
        return due.size();
    }

    private List<DiskTask> tasks(JdbcClient.StatementSpec query) {
        return transactions.write(() -> query.query(TASK).list());
    }

    /** One that cannot be settled does not keep the others. Two who try at once would only be in each other's way. */
    private void settle(DiskTask disk) {
        if (!take(disk.image())) {
            return;
        }
        try {
            Image image = images.find(ImageRef.of(disk.image()));
            Lease lease = image.lease();
            // One that somebody has decided to keep for good is his; what he has thrown away is not kept.
            if (lease != null && !(image.state() == ImageState.TRASHED && disk.keptUntil() != null)) {
                perform(disk, image, lease);
            }
            forget(disk.image());
        } catch (DatabaseUnavailable e) {
            throw e;
        } catch (CowshedException e) {
            if (e.type() == ProblemType.NOT_FOUND) {
                forget(disk.image());
            } else {
                LOG.info("The disk {} of a job that has ended stays for now: {}", disk.image(), e.detail());
            }
        } catch (RuntimeException e) {
            LOG.warn("The disk {} of a job that has ended stays for now, and is tried again", disk.image(), e);
        }
    }

    /** By the version that was looked at: whoever decides to keep it at the same time wins. */
    private void perform(DiskTask disk, Image found, Lease lease) {
        ImageRef image = ImageRef.of(disk.image());
        Set<Long> version = Set.of(found.version());
        Instant keptUntil = disk.keptUntil();
        if (keptUntil != null) {
            Instant latest = terms.latest(lease);
            Instant end = keptUntil.isBefore(latest) ? keptUntil : latest;
            catalog.change(
                    image, null, new ImageChange(null, null, Map.of("ci.kept", "failed"), null, end, null, null));
        } else if (lease.copy() != null && found.state() != ImageState.TRASHED) {
            expire(image, version, OnCompletion.parse(disk.task()).onExpire());
        } else {
            switch (OnCompletion.parse(disk.task())) {
                case PURGE -> removals.purge(image, version);
                case TRASH -> removals.trash(image, version);
            }
        }
    }

    /** Its expiry sees to the copy that it is to leave behind, then to the image. */
    private void expire(ImageRef ref, Set<Long> version, OnExpire onExpire) {
        transactions.write(() -> {
            Image image = images.lock(ref);
            ImageChanged.requireVersion(image, version);
            leases.expire(image, onExpire);
            return image;
        });
    }

    private void forget(UUID image) {
        transactions.write(() -> database.sql("delete from ci_disk where image_id = :image")
                .param("image", image)
                .update());
    }

    /** Has whoever comes next come later, so that it is tried again in any case. */
    private boolean take(UUID image) {
        return transactions.write(() -> database.sql(
                                "update ci_disk set due_at = :next where image_id = :image and due_at <= :now")
                        .param("next", clock.instant().plus(NEXT_TRY).atOffset(ZoneOffset.UTC))
                        .param("image", image)
                        .param("now", now())
                        .update())
                > 0;
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
