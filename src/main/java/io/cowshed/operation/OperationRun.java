package io.cowshed.operation;

import io.cowshed.operation.OperationStopped.Reason;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.exc.InvalidTypeIdException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.json.JsonMapper;

/** One attempt at an operation, as its handler sees it. For the one thread that works on it, unless said otherwise. */
public final class OperationRun {

    private static final Logger LOG = LoggerFactory.getLogger(OperationRun.class);

    private final Operation operation;
    private final OperationStore store;
    private final Bandwidth bandwidth;
    private final JsonMapper json;
    private final LongAdder done = new LongAdder();
    private volatile @Nullable Long total;
    private volatile @Nullable Reason stop;
    private @Nullable String mark;
    private boolean turned;
    private boolean finished;

    OperationRun(Operation operation, OperationStore store, Bandwidth bandwidth, JsonMapper json) {
        this.operation = operation;
        this.store = store;
        this.bandwidth = bandwidth;
        this.json = json;
        this.turned = operation.turned();
        this.mark = operation.mark();
    }

    /** The operation's id. */
    public UUID id() {
        return operation.id();
    }

    /** The image that it is about: what is asked for about one always has it. */
    public UUID subject() {
        return Objects.requireNonNull(operation.subject());
    }

    /** Who asked for it. */
    public String createdBy() {
        return operation.createdBy();
    }

    /** Which attempt this is, from 1 on. */
    public long attempt() {
        return operation.attempt();
    }

    /**
     * What was asked for, maybe of another build: a field that was not there yet is null, 0 or false.
     *
     * @throws OperationStopped when it says what this build does not know; nothing must have been done yet
     */
    public <T> T request(Class<T> type) {
        try {
            return json.readerFor(type)
                    .without(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .readValue(operation.request());
        } catch (UnrecognizedPropertyException | InvalidFormatException | InvalidTypeIdException e) {
            LOG.warn("Operation {} was asked for by a newer build, to which it is left", id(), e);
            throw new OperationStopped(Reason.NOT_UNDERSTOOD);
        }
    }

    /** Says how many bytes there are to be worked through in all. */
    public void expect(long totalBytes) {
        total = totalBytes;
    }

    /**
     * Says that more bytes are done. To be called at least every few moments, with 0 where nothing was: here an operation is
     * slowed down, and learns that it is to end.
     *
     * @throws OperationStopped when it is
     */
    public void advance(long bytes) {
        check();
        done.add(bytes);
        bandwidth.take(bytes, this::check);
    }

    /**
     * Says that from here on the image may have changed: the operation can neither be cancelled nor fail any more. When its
     * handler throws, it is tried again until it succeeds, by whichever replica. Where an earlier attempt had turned, this one
     * has from the beginning.
     *
     * @throws OperationStopped when it is to end; who asked for that before can rely on it
     * @throws io.cowshed.problem.DatabaseUnavailable when that cannot be told
     */
    public void turn() {
        turn(mark);
    }

    /**
     * As {@link #turn()}, and leaves word to later attempts.
     *
     * @param word by which they see whether this one changed the image; up to 64 characters
     */
    public void turn(@Nullable String word) {
        check();
        if (!turned) {
            store.turn(this, word);
            turned = true;
            mark = word;
        }
    }

    /**
     * Leaves word to later attempts, and to {@link OperationHandler#clearUp}, before anything is changed that they need it for.
     *
     * @param word up to 64 characters
     * @throws OperationStopped when another attempt has begun
     * @throws io.cowshed.problem.DatabaseUnavailable when it cannot be left
     */
    public void note(String word) {
        store.note(this, word);
        mark = word;
    }

    /** The word that was left last, by {@link #note} or {@link #turn(String)}; null for none. */
    public @Nullable String mark() {
        return mark;
    }

    /**
     * Says that no earlier attempt changed an image, though one may have {@linkplain #turn turned} and died just then: the
     * operation can be cancelled, or fail, again.
     */
    public void startOver() {
        turned = false;
    }

    private void check() {
        Reason reason = stop;
        if (reason != null && !(turned && reason == Reason.CANCELLED)) {
            throw new OperationStopped(reason);
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new OperationStopped(Reason.SHUTDOWN);
        }
    }

    /**
     * Commits what the operation changes in the catalogue, together with its success; once only, when all else is done. Where
     * the database does not answer, it waits for it: what is locked stays locked meanwhile.
     *
     * @param rows makes the changes and answers the result, which is shown as JSON; may be called more than once
     * @throws OperationStopped when another attempt has begun: nothing is changed then; or when this replica is stopping before
     *     the database answered: then nobody knows whether it is done, and the next attempt finds out
     */
    public <T> T finish(Supplier<T> rows) {
        T result = store.finish(this, rows);
        finished = true;
        return result;
    }

    /**
     * Commits a part of what the operation changes in the catalogue. Where the database does not answer, it waits for it. What
     * is committed stays, whatever becomes of the rest, which may be cancelled or fail again, although it had {@linkplain #turn
     * turned}.
     *
     * @param rows makes the changes; may be called again after they were committed
     * @throws OperationStopped as {@link #finish} throws it
     */
    public <T> T commit(Supplier<T> rows) {
        T result = store.commit(this, rows);
        turned = false;
        return result;
    }

    /** Whether this attempt has turned, or an earlier one had and it is not known yet what became of that. */
    public boolean hasTurned() {
        return turned;
    }

    boolean isFinished() {
        return finished;
    }

    Operation operation() {
        return operation;
    }

    long done() {
        return done.sum();
    }

    @Nullable
    Long total() {
        return total;
    }

    /** Makes the next {@link #advance} throw. From any thread. */
    synchronized void stop(Reason reason) {
        if (stop == null || stop == Reason.CANCELLED) {
            stop = reason;
        }
    }

    /** Whether this replica is stopping. */
    boolean isStopping() {
        return stop == Reason.SHUTDOWN || Thread.currentThread().isInterrupted();
    }

    /** Whether this replica is stopping, or another attempt has begun. */
    boolean isLeft() {
        return isStopping() || stop == Reason.SUPERSEDED;
    }
}
