package io.cowshed.operation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Does what a test says: one script for each attempt, the last one for all that follow. */
final class ScriptedHandler implements OperationHandler {

    /** An attempt. */
    @FunctionalInterface
    interface Script {
        void run(OperationRun run) throws Exception;
    }

    /** What comes of an operation here. */
    record Outcome(String word) {}

    private final String kind;
    private final Deque<Script> scripts;
    private final List<UUID> takenBack = Collections.synchronizedList(new ArrayList<>());
    private final List<String> clearedUp = Collections.synchronizedList(new ArrayList<>());
    private final List<Long> attempts = Collections.synchronizedList(new ArrayList<>());

    ScriptedHandler(String kind, Script... scripts) {
        this.kind = kind;
        this.scripts = new ArrayDeque<>(Arrays.asList(scripts));
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public void run(OperationRun run) throws Exception {
        attempts.add(run.attempt());
        next().run(run);
    }

    private synchronized Script next() {
        Script next = scripts.getFirst();
        if (scripts.size() > 1) {
            scripts.removeFirst();
        }
        return next;
    }

    @Override
    public void clearUp(OperationRun run) {
        if (TransactionSynchronizationManager.isActualTransactionActive()) {
            throw new AssertionError("files are cleared up in no transaction");
        }
        clearedUp.add(String.valueOf(run.mark()));
    }

    /** The words that were left when that was called; "null" for none. */
    List<String> clearedUp() {
        return List.copyOf(clearedUp);
    }

    @Override
    public void takeBack(Operation operation) {
        if (!TransactionSynchronizationManager.isActualTransactionActive()) {
            throw new AssertionError("what was reserved is taken back in the transaction that ends the operation");
        }
        takenBack.add(operation.id());
    }

    /** The operations for which that was called. */
    List<UUID> takenBack() {
        return List.copyOf(takenBack);
    }

    /** The numbers of the attempts that were made, of all operations. */
    List<Long> attempts() {
        return List.copyOf(attempts);
    }

    /** Ends an operation well. */
    static void succeed(OperationRun run) {
        succeed(run, null);
    }

    /** Ends an operation well; {@code rows} runs in its transaction. */
    static void succeed(OperationRun run, @Nullable Runnable rows) {
        run.finish(() -> {
            if (rows != null) {
                rows.run();
            }
            return new Outcome("done");
        });
    }
}
