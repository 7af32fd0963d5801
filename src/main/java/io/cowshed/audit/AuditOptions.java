package io.cowshed.audit;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.Locale;

/**
 * What an audit is to do.
 *
 * @param verifyDigests whether to read all sealed images
 * @param quarantine whether to put files aside that nobody knows
 */
public record AuditOptions(boolean verifyDigests, Mend mend, boolean quarantine) {

    /** What to mend. */
    public enum Mend {
        /** Nothing. */
        NONE,
        /** What can be mended without a loss. */
        SAFE;

        /** The word for it. */
        @JsonValue
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * What a word says.
         *
         * @throws CowshedException of type INVALID_REQUEST if there is no such word
         */
        @JsonCreator
        public static Mend parse(String word) {
            for (Mend mend : values()) {
                if (mend.word().equals(word)) {
                    return mend;
                }
            }
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "That is nothing that an audit can mend.",
                    "Use none or safe for mend.");
        }
    }

    /** Looks, and changes nothing. */
    static final AuditOptions LOOK = new AuditOptions(false, Mend.NONE, false);

    boolean changesAnything() {
        return mend == Mend.SAFE || quarantine;
    }
}
