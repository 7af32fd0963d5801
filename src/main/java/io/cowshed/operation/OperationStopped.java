package io.cowshed.operation;

/** Thrown through a handler's work when it has to end before it is done. The handler only clears up after itself. */
public final class OperationStopped extends RuntimeException {

    private final Reason reason;

    OperationStopped(Reason reason) {
        super(reason.name());
        this.reason = reason;
    }

    /** Why. */
    enum Reason {
        /** Somebody asked for it. */
        CANCELLED,
        /** Another attempt has begun, because this one was taken for dead. */
        SUPERSEDED,
        /** This replica is stopping; another one goes on. */
        SHUTDOWN,
        /** A newer build asked for it, in words that this one does not know; a replica of that build goes on. */
        NOT_UNDERSTOOD
    }

    Reason reason() {
        return reason;
    }
}
