package io.cowshed.operation;

import io.cowshed.database.TimeOrderedIds;
import io.cowshed.database.Transactions;
import io.cowshed.testing.TestService;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Asks a service for operations of kinds that only tests know. */
final class OperationFixture {

    /** Longer than anything takes, but for noticing that a replica has died. */
    static final Duration LONG = Duration.ofSeconds(40);

    private final TestService service;

    OperationFixture(TestService service) {
        this.service = service;
    }

    /** What is asked for. */
    record Request(String word, int number) {}

    /** Makes a kind known to this replica. */
    ScriptedHandler handler(String kind, ScriptedHandler.Script... scripts) {
        ScriptedHandler handler = new ScriptedHandler(kind, scripts);
        service.add(kind, handler);
        return handler;
    }

    /** Makes a kind known that does this, and asks for one. */
    Operation begin(String kind, ScriptedHandler.Script... scripts) {
        handler(kind, scripts);
        return submit(kind);
    }

    Operation submit(String kind, Claim... claims) {
        return submit(kind, newId(), claims);
    }

    Operation submit(String kind, UUID subject, Claim... claims) {
        return bean(Transactions.class)
                .write(() -> operations()
                        .submit(new NewOperation(
                                kind, subject, "disk", new Request("hello", 7), List.of(claims), "tests")));
    }

    UUID newId() {
        return bean(TimeOrderedIds.class).next();
    }

    Operations operations() {
        return bean(Operations.class);
    }

    Operation find(Operation operation) {
        return operations().find(operation.id());
    }

    /** Returns it when it is over. */
    Operation end(Operation operation) throws InterruptedException {
        Operation ended = operations().await(operation.id(), LONG);
        if (!ended.state().isOver()) {
            throw new AssertionError("it is not over: " + ended);
        }
        return ended;
    }

    JdbcClient sql() {
        return bean(JdbcClient.class);
    }

    long jobs(Operation operation) {
        return sql().sql("select count(*) from scheduled_tasks where task_instance = :id")
                .param("id", operation.id().toString())
                .query(Long.class)
                .single();
    }

    <T> T bean(Class<T> type) {
        return service.bean(type);
    }
}
