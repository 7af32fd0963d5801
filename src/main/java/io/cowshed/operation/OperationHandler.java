package io.cowshed.operation;

/**
 * Does the work of one kind of operation. It may be asked to do it several times over: when a replica dies, another begins
 * with what that left behind, which may be anything from nothing to the whole but the last commit.
 */
public interface OperationHandler {

    /** The kind, a verb; never changed once released. */
    String kind();

    /**
     * Does the work, lets go of the files that it changed, and ends with {@link OperationRun#finish}: whoever sees that it has
     * succeeded may start a guest at once. When it throws instead, it has cleared up after itself, or does
     * in {@link #clearUp}, and all that can be seen from outside is as it was before, or as its last {@link OperationRun#commit} left it.
     *
     * <p>First of all it reads the request, then it locks the files that it changes. An attempt that was taken for dead may
     * still be alive and hold them; while one after the first finds an image in use, it is tried again and again.
     *
     * @throws OperationStopped as {@link OperationRun#advance} threw it
     * @throws Exception what makes the operation fail; a {@link io.cowshed.problem.CowshedException} in words for the caller
     */
    void run(OperationRun run) throws Exception;

    /**
     * Clears up what this attempt and those before it, which may have died, have left in files, before the operation ends as
     * failed or cancelled; as far as {@link #run} could not. In no transaction. Only when it throws an {@link
     * InterruptedException}, or the database does not answer, there is another attempt. May be called without {@link #run}
     * having been.
     */
    default void clearUp(OperationRun run) throws Exception {}

    /**
     * Takes back what was reserved when the operation was asked for, in the transaction that ends it as failed or
     * cancelled, and after its claims are released. May be called without {@link #run} having been.
     */
    default void takeBack(Operation operation) {}
}
