package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Shown;

/** Words that callers chose, on their way into sentences and rows. */
final class Text {

    /** Lengths of the columns, in UTF-16 units. */
    static final int MAX_DESCRIPTION = 2000;

    private Text() {}

    /** The value in quotes, cut and without control characters: fit for a message, however long or strange it is. */
    static String quote(String value) {
        return '"' + Shown.of(value) + '"';
    }

    /**
     * Refuses what PostgreSQL cannot store (NUL, a lone surrogate) and what no person would write.
     *
     * @throws CowshedException of type INVALID_REQUEST
     */
    static String requireReadable(String field, String value, int maxLength) {
        if (value.length() > maxLength) {
            throw refuse(field + " has " + value.length() + " characters.", "Use at most " + maxLength + ".");
        }
        boolean readable = value.codePoints()
                .allMatch(c -> c == '\n' || c == '\t' || !(Character.isISOControl(c) || isSurrogate(c)));
        if (!readable) {
            throw refuse(field + " has control characters in it.", "Use text with no control characters.");
        }
        return value;
    }

    /**
     * In lower case, each character by itself: as long as {@code value}, and the same wherever a character stands.
     * {@link String#toLowerCase} is neither ({@code İ} becomes two characters, the last sigma of a word is another).
     */
    static String lowered(String value) {
        return value.codePoints()
                .map(Character::toLowerCase)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** A refusal of the request as such. */
    static CowshedException refuse(String detail, String action) {
        return new CowshedException(ProblemType.INVALID_REQUEST, detail, action);
    }

    private static boolean isSurrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }
}
