package io.cowshed.attachment;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.Locale;

/** Whether an attachment lasts, or how it ended. */
public enum AttachmentState {
    /** The holder has the image. */
    ACTIVE,
    /** Its time is over. It goes on while a QEMU has the file open, and lapses then, unless the holder is heard of before. */
    STALE,
    /** The holder has given the image back. */
    DETACHED,
    /** An administrator has ended it. */
    BROKEN,
    /** Its time was over, and nobody had the file open any more. */
    LAPSED;

    /** The word for it. */
    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The state of that word.
     *
     * @throws CowshedException of type INVALID_REQUEST if there is none
     */
    @JsonCreator
    public static AttachmentState parse(String word) {
        for (AttachmentState state : values()) {
            if (state.word().equals(word)) {
                return state;
            }
        }
        throw new CowshedException(
                ProblemType.INVALID_REQUEST,
                "There is no such state of an attachment.",
                "Use active, stale, detached, broken or lapsed.");
    }
}
