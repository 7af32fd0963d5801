package io.cowshed.ci;

import java.sql.Connection;
import java.sql.Savepoint;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.JdbcOperations;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * The rows of jobs and of their disks. An image's row is locked before a job's, a job's before those of its disks and of its hook.
 */
@Component
@Transactional(propagation = Propagation.MANDATORY)
class JobRows {

    private static final RowMapper<MadeDisk> DISK =
            (row, _) -> new MadeDisk(row.getObject("image_id", UUID.class), row.getString("image_name"));

    private static final int FETCHED = 1000;

    private final JdbcClient database;
    private final JdbcOperations connections;
    private final Clock clock;

    JobRows(JdbcClient database, JdbcOperations connections, Clock clock) {
        this.database = database;
        this.connections = connections;
        this.clock = clock;
    }

    /** The job as it is now; empty if nothing was heard of it that mattered. */
    @Transactional(readOnly = true)
    public Optional<Job> find(UUID hook, String key) {
        return find(hook, key, "");
    }

    /** The job, its row locked until the transaction ends, and made where there was none. */
    public Job lock(UUID hook, String key) {
        while (true) {
            Optional<Job> job = find(hook, key, " for update");
            if (job.isPresent()) {
                return job.get();
            }
            // It may be gone again by the time that another transaction, which made it, is over.
            insertUnlessThere(hook, key);
        }
    }

    /**
     * Locks the rows of all jobs of a hook, and then the hook, which is about to be removed. Who decides about a job comes to the
     * hook last, so that nobody is waited for who waits for the hook: where a job has come meanwhile and is somebody's, the hook
     * is let go of until he is done.
     *
     * @param lockHook locks the hook, and answers with it
     */
    <T> T lockAll(UUID hook, Supplier<T> lockHook) {
        while (true) {
            lockJobs(hook, "");
            Savepoint before = setSavepoint();
            T locked = lockHook.get();
            // From now on none comes any more.
            if (lockJobs(hook, " skip locked") == count(hook)) {
                return locked;
            }
            rollback(before);
        }
    }

    /** Answers how many those are. */
    private long lockJobs(UUID hook, String others) {
        AtomicLong locked = new AtomicLong();
        database.sql("select job_key from ci_job where hook_id = :hook order by job_key for update" + others)
                .param("hook", hook)
                .withFetchSize(FETCHED)
                .query(_ -> {
                    locked.incrementAndGet();
                });
        return locked.get();
    }

    private long count(UUID hook) {
        return database.sql("select count(*) from ci_job where hook_id = :hook")
                .param("hook", hook)
                .query(Long.class)
                .single();
    }

    private Savepoint setSavepoint() {
        return Objects.requireNonNull(connections.execute((Connection connection) -> connection.setSavepoint()));
    }

    private void rollback(Savepoint before) {
        connections.execute((Connection connection) -> {
            connection.rollback(before);
            return true;
        });
    }

    private Optional<Job> find(UUID hook, String key, String lock) {
        return database.sql("select prepared_at, ended_at, keep_failed_seconds from ci_job"
                        + " where hook_id = :hook and job_key = :key" + lock)
                .param("hook", hook)
                .param("key", key)
                .query((row, _) -> {
                    Long seconds = row.getObject("keep_failed_seconds", Long.class);
                    return new Job(
                            instant(row.getObject("prepared_at", OffsetDateTime.class)),
                            instant(row.getObject("ended_at", OffsetDateTime.class)),
                            seconds == null ? null : Duration.ofSeconds(seconds));
                })
                .optional();
    }

    private static @Nullable Instant instant(@Nullable OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }

    /** Where another transaction makes the row just now, this waits for it. PostgreSQL has to be taken back to go on after that. */
    private void insertUnlessThere(UUID hook, String key) {
        Savepoint before = setSavepoint();
        try {
            database.sql("insert into ci_job (hook_id, job_key, updated_at) values (:hook, :key, :now)")
                    .param("hook", hook)
                    .param("key", key)
                    .param("now", now())
                    .update();
        } catch (DuplicateKeyException e) {
            rollback(before);
        }
    }

    /** Notes that disks were made for a job, whose row is locked. */
    void prepared(UUID hook, String key, @Nullable Duration keepFailedFor, List<MadeDisk> disks) {
        database.sql("update ci_job set prepared_at = :now, keep_failed_seconds = :keep, updated_at = :now"
                        + " where hook_id = :hook and job_key = :key")
                .param("now", now())
                .param("keep", keepFailedFor == null ? null : keepFailedFor.toSeconds())
                .param("hook", hook)
                .param("key", key)
                .update();
        for (MadeDisk disk : disks) {
            database.sql("insert into ci_disk (image_id, image_name, hook_id, job_key)"
                            + " values (:image, :name, :hook, :key)")
                    .param("image", disk.id())
                    .param("name", disk.name())
                    .param("hook", hook)
                    .param("key", key)
                    .update();
        }
    }

    /** Notes that a job runs, if it is one that has disks. */
    void started(UUID hook, String key) {
        database.sql("update ci_job set started_at = :now, updated_at = :now"
                        + " where hook_id = :hook and job_key = :key and started_at is null and ended_at is null")
                .param("now", now())
                .param("hook", hook)
                .param("key", key)
                .update();
    }

    /**
     * Notes that a job, whose row is locked, has ended, and what is to be done about its disks.
     *
     * @param keptUntil when its disks shall expire that are kept; null for those that are not
     * @return its disks
     */
    List<MadeDisk> ended(UUID hook, String key, boolean failed, OnCompletion otherwise, @Nullable Instant keptUntil) {
        database.sql("update ci_job set ended_at = :now, failed = :failed, updated_at = :now"
                        + " where hook_id = :hook and job_key = :key")
                .param("now", now())
                .param("failed", failed)
                .param("hook", hook)
                .param("key", key)
                .update();
        database.sql("update ci_disk set task = :task, kept_until = :until, due_at = :now"
                        + " where hook_id = :hook and job_key = :key")
                .param("task", keptUntil == null ? otherwise.word() : DiskTask.KEEP)
                .param("until", keptUntil == null ? null : keptUntil.atOffset(ZoneOffset.UTC))
                .param("now", now())
                .param("hook", hook)
                .param("key", key)
                .update();
        return database.sql("select image_id, image_name from ci_disk where hook_id = :hook and job_key = :key"
                        + " order by image_id")
                .param("hook", hook)
                .param("key", key)
                .query(DISK)
                .list();
    }

    /** Forgets jobs of which nothing was heard since then, and that have no disks. */
    @Transactional
    public int forget(Instant before) {
        return database.sql("delete from ci_job where updated_at < :before and not exists (select 1 from ci_disk"
                        + " where ci_disk.hook_id = ci_job.hook_id and ci_disk.job_key = ci_job.job_key)")
                .param("before", before.atOffset(ZoneOffset.UTC))
                .update();
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
