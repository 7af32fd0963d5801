package io.cowshed.operation;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Asks for operations, shows them and cancels them. */
@Component
public class Operations {

    private static final Logger LOG = LoggerFactory.getLogger(Operations.class);

    private static final long FIRST_LOOK_MILLIS = 10;
    private static final long LAST_LOOK_MILLIS = 200;

    private final OperationStore store;
    private final OperationHandlers handlers;
    private final OperationQueue queue;
    private final OperationWatch watch;
    private final JdbcClient database;

    Operations(
            OperationStore store,
            OperationHandlers handlers,
            OperationQueue queue,
            OperationWatch watch,
            JdbcClient database) {
        this.store = store;
        this.handlers = handlers;
        this.queue = queue;
        this.watch = watch;
        this.database = database;
    }

    /**
     * Asks for an operation, in the caller's transaction, which has locked the rows of all images claimed.
     *
     * @throws ImageBusy if another operation's claim does not go together with one of this
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public Operation submit(NewOperation wanted) {
        Operation operation = store.add(wanted);
        queue.add(operation.id());
        LOG.info("Operation {} is asked for: {} of image {}", operation.id(), operation.kind(), operation.subject());
        return operation;
    }

    /**
     * The operation as it is now.
     *
     * @throws CowshedException of type NOT_FOUND if there is none
     */
    public Operation find(UUID id) {
        return search(id).orElseThrow(() -> new OperationNotFound(id));
    }

    /** The operation as it is now; empty if there is none. */
    public Optional<Operation> search(UUID id) {
        return store.find(id);
    }

    /**
     * Waits for an operation to be over.
     *
     * @return it as it is then, or after the time has passed, or when this replica stops
     * @throws CowshedException of type NOT_FOUND if there is none
     */
    public Operation await(UUID id, Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        long pause = FIRST_LOOK_MILLIS;
        while (true) {
            Operation operation = find(id);
            if (operation.state().isOver() || System.nanoTime() >= end || !watch.isRunning()) {
                return operation;
            }
            watch.pause(id, Duration.ofMillis(pause));
            pause = Math.min(LAST_LOOK_MILLIS, pause * 2);
        }
    }

    /**
     * A page of operations, and one more where there are more.
     *
     * @throws CowshedException of type INVALID_REQUEST if the page is to begin after one that is not there any more
     */
    public List<Operation> list(OperationQuery query) {
        List<String> conditions = new ArrayList<>(List.of("1 = 1"));
        Map<String, Object> parameters = new LinkedHashMap<>();
        if (!query.states().isEmpty()) {
            conditions.add("state in (:states)");
            parameters.put(
                    "states", query.states().stream().map(OperationState::word).toList());
        }
        if (query.kind() != null) {
            conditions.add("kind = :kind");
            parameters.put("kind", query.kind());
        }
        if (query.subject() != null) {
            conditions.add("subject_id = :subject");
            parameters.put("subject", query.subject());
        }
        if (query.after() != null) {
            conditions.add("created_at <= :at and (created_at < :at or id < :after)");
            parameters.put("at", createdAt(query.after()).atOffset(ZoneOffset.UTC));
            parameters.put("after", query.after());
        }
        return database.sql("select " + Operation.COLUMNS + " from operation where " + String.join(" and ", conditions)
                        + " order by created_at desc, id desc limit " + (query.limit() + 1))
                .params(parameters)
                .query(Operation.ROW)
                .list();
    }

    private Instant createdAt(UUID id) {
        return store.find(id)
                .map(Operation::createdAt)
                .orElseThrow(() -> new CowshedException(
                        ProblemType.INVALID_REQUEST,
                        "The cursor is not one that a list was answered with lately.",
                        "Use nextCursor of the page before, or start over without a cursor."));
    }

    /**
     * Asks that an operation be given up. One that waits is over at once, one that runs within about a second, unless it is
     * past the point where it can be undone; asking twice changes nothing.
     *
     * @throws CowshedException of type NOT_FOUND if there is none, or OPERATION_FINISHED if it is over in another way
     */
    public Operation cancel(UUID id) {
        return store.cancel(id, handlers);
    }
}
