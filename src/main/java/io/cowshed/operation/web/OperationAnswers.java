package io.cowshed.operation.web;

import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.operation.Operation;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;

/** Answers calls that begin an operation: with 202 and where it is, or with 200 and what became of it. */
@Component
public class OperationAnswers {

    private static final Logger LOG = LoggerFactory.getLogger(OperationAnswers.class);

    private static final String RETRY_AFTER_SECONDS = "1";

    private final Operations operations;
    private final OperationViews views;
    private final Answers answers;
    private final Transactions transactions;

    OperationAnswers(Operations operations, OperationViews views, Answers answers, Transactions transactions) {
        this.operations = operations;
        this.views = views;
        this.answers = answers;
        this.transactions = transactions;
    }

    /**
     * Begins an operation and answers it. A call that is repeated with its {@code Idempotency-Key} gets the first answer, 202,
     * again.
     *
     * @param submission checks the rules and asks for the operation, in one transaction
     * @param prefer the call's header of that name
     */
    public ResponseEntity<OperationView> begin(Supplier<Operation> submission, @Nullable String prefer) {
        return begin(submission, prefer, HttpHeaders.EMPTY);
    }

    /** As above, with more headers, such as {@link Answers#DEPRECATION}; of others a repeated request would not hear. */
    public ResponseEntity<OperationView> begin(
            Supplier<Operation> submission, @Nullable String prefer, HttpHeaders more) {
        ResponseEntity<OperationView> accepted = transactions.write(() -> {
            Operation operation = submission.get();
            return answers.accepted(location(operation), views.of(operation), RETRY_AFTER_SECONDS, more);
        });
        OperationView begun = accepted.getBody();
        Optional<Duration> patience = Patience.of(prefer);
        if (begun == null || patience.isEmpty()) {
            return accepted;
        }
        try {
            return waited(begun, patience.get(), more);
        } catch (DataAccessException e) {
            // It has begun all the same: the client is told so, and where to ask again.
            LOG.debug("The database did not answer in the time that the caller prefers to wait", e);
            return accepted;
        }
    }

    /** What a call has made of an operation. */
    ResponseEntity<OperationView> change(Supplier<Operation> change) {
        return transactions.write(() -> answers.told(views.of(change.get()), HttpHeaders.EMPTY));
    }

    /** An operation that there is already, as it is now or, where the call prefers that, when it is over. */
    ResponseEntity<OperationView> show(Operation operation, @Nullable String prefer) {
        Optional<Duration> patience = Patience.of(prefer);
        if (patience.isEmpty() || operation.state().isOver()) {
            return ResponseEntity.ok(views.of(operation));
        }
        return applied(ResponseEntity.ok(), patience.get()).body(views.of(awaited(operation.id(), patience.get())));
    }

    private ResponseEntity<OperationView> waited(OperationView begun, Duration patience, HttpHeaders more) {
        Operation operation = awaited(begun.id(), patience);
        ResponseEntity.BodyBuilder answer = operation.state().isOver()
                ? ResponseEntity.ok()
                : ResponseEntity.status(HttpStatus.ACCEPTED).header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        return applied(answer, patience)
                .headers(more)
                .location(location(operation))
                .body(views.of(operation));
    }

    private static ResponseEntity.BodyBuilder applied(ResponseEntity.BodyBuilder answer, Duration patience) {
        return answer.header("Preference-Applied", "wait=" + patience.toSeconds());
    }

    private Operation awaited(UUID id, Duration patience) {
        try {
            return operations.await(id, patience);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CowshedException(
                    ProblemType.INTERNAL,
                    "The service is stopping.",
                    "Ask again: GET /api/v1/operations/" + id + ".",
                    e);
        }
    }

    private static URI location(Operation operation) {
        return URI.create("/api/v1/operations/" + operation.id());
    }
}
