package io.cowshed.operation;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.Locale;

/** How far an operation is. Written in lower case, in the API and in the database. */
public enum OperationState {
    /** Waiting for its turn. */
    QUEUED,
    /** Being worked on, or about to be again after the replica that did so died. */
    RUNNING,
    /** Done, with a result. */
    SUCCEEDED,
    /** Given up, with a problem; everything is as it was before, or, of several images, those not yet done are. */
    FAILED,
    /** Given up because somebody asked for it; the same holds. */
    CANCELLED;

    /** The word for it. */
    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether nothing will happen any more. */
    public boolean isOver() {
        return switch (this) {
            case QUEUED, RUNNING -> false;
            case SUCCEEDED, FAILED, CANCELLED -> true;
        };
    }

    /**
     * The state of that word.
     *
     * @throws CowshedException of type INVALID_REQUEST if there is none
     */
    @JsonCreator
    public static OperationState parse(String word) {
        for (OperationState state : values()) {
            if (state.word().equals(word)) {
                return state;
            }
        }
        throw new CowshedException(
                ProblemType.INVALID_REQUEST,
                "A state of an operation is not what was given.",
                "Use queued, running, succeeded, failed or cancelled.");
    }
}
