package io.cowshed.attachment;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Lists attachments: for callers, and for those who look after them. */
@Component
@Transactional(readOnly = true)
public class AttachmentListing {

    private final JdbcClient database;
    private final Clock clock;

    AttachmentListing(JdbcClient database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /**
     * Those that match, and one more than asked for where there are more.
     *
     * @throws CowshedException of type INVALID_REQUEST if the cursor is none
     */
    public List<Attachment> list(AttachmentQuery query) {
        List<String> conditions = new ArrayList<>(List.of("1 = 1"));
        Map<String, Object> parameters = new LinkedHashMap<>();
        if (query.image() != null) {
            conditions.add("image_id = :image");
            parameters.put("image", query.image());
        }
        if (query.holder() != null) {
            conditions.add("holder = :holder");
            parameters.put("holder", query.holder());
        }
        if (!query.states().isEmpty()) {
            conditions.add(query.states().stream()
                    .map(AttachmentListing::condition)
                    .collect(Collectors.joining(" or ", "(", ")")));
            parameters.put("now", clock.instant().atOffset(ZoneOffset.UTC));
        }
        if (query.after() != null) {
            conditions.add("created_at <= :at and (created_at < :at or id < :after)");
            parameters.put("at", createdAt(query.after()));
            parameters.put("after", query.after());
        }
        return database.sql("select " + Attachment.COLUMNS + " from attachment where "
                        + String.join(" and ", conditions) + " order by created_at desc, id desc limit "
                        + (query.limit() + 1))
                .params(parameters)
                .query(Attachment.ROW)
                .list();
    }

    private static String condition(AttachmentState state) {
        return switch (state) {
            case ACTIVE -> "state = 'active' and expires_at > :now";
            case STALE -> "state = 'active' and expires_at <= :now";
            case DETACHED, BROKEN, LAPSED -> "state = '" + state.word() + "'";
        };
    }

    private OffsetDateTime createdAt(UUID id) {
        return database.sql("select created_at from attachment where id = :id")
                .param("id", id)
                .query(OffsetDateTime.class)
                .optional()
                .orElseThrow(() -> new CowshedException(
                        ProblemType.INVALID_REQUEST,
                        "The cursor is not one that this query was answered with.",
                        "Begin again, without a cursor."));
    }

    /**
     * Those to look after by that time: stale ones, and ended ones that still hold their image; those first that are due longest.
     *
     * @param after the last one that the caller has seen, or null to begin
     */
    List<Attachment> due(Instant time, @Nullable Attachment after, int limit) {
        Instant at = after == null ? null : after.dueAt();
        String seek = after == null || at == null ? "" : " and due_at >= :at and (due_at > :at or id > :id)";
        JdbcClient.StatementSpec query = database.sql("select " + Attachment.COLUMNS
                        + " from attachment where due_at <= :time" + seek + " order by due_at, id limit " + limit)
                .param("time", time.atOffset(ZoneOffset.UTC));
        if (after != null && at != null) {
            query = query.param("at", at.atOffset(ZoneOffset.UTC)).param("id", after.id());
        }
        return query.query(Attachment.ROW).list();
    }

    /** Those of one image that are to be looked after now: the stale ones, and all that have ended and still hold it. */
    List<Attachment> due(UUID image) {
        return database.sql("select " + Attachment.COLUMNS
                        + " from attachment where held_image_id = :image and (state <> 'active' or due_at <= :now)"
                        + " order by due_at, id")
                .param("image", image)
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .query(Attachment.ROW)
                .list();
    }

    /**
     * How many others hold the image: have it, or have ended and not let go of it yet. Of several that end at the same time the
     * last to ask finds none.
     */
    long others(Attachment attachment) {
        return database.sql("select count(*) from attachment where held_image_id = :image and id <> :id")
                .param("image", attachment.image())
                .param("id", attachment.id())
                .query(Long.class)
                .single();
    }

    /** Forgets those that ended before then, and of which nothing is left to be done. */
    @Transactional
    int forget(Instant before) {
        return database.sql("delete from attachment where ended_at < :before and outcome is not null")
                .param("before", before.atOffset(ZoneOffset.UTC))
                .update();
    }
}
