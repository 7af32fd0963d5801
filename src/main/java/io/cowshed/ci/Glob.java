package io.cowshed.ci;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;

/**
 * A pattern for names: {@code ?} is any one character but a slash, {@code *} any number of such, {@code **} any number of any.
 *
 * @param pattern 1 to 255 characters
 */
public record Glob(@JsonValue String pattern) {

    private static final int MAX_LENGTH = 255;

    /** @throws CowshedException of type INVALID_REQUEST if it is empty or too long */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public Glob {
        if (pattern.isEmpty() || pattern.length() > MAX_LENGTH) {
            throw Words.refuse(
                    "A pattern has " + pattern.length() + " characters.", "Use 1 to " + MAX_LENGTH + " characters.");
        }
    }

    /** Whether the whole text is of that form. Takes time in the product of both lengths, whatever the pattern. */
    boolean matches(String text) {
        boolean[] reached = new boolean[text.length() + 1];
        reached[0] = true;
        for (int i = 0; i < pattern.length(); i++) {
            char symbol = pattern.charAt(i);
            boolean deep = symbol == '*' && i + 1 < pattern.length() && pattern.charAt(i + 1) == '*';
            if (symbol == '*') {
                spread(reached, text, deep);
            } else {
                advance(reached, text, symbol);
            }
            i += deep ? 1 : 0;
        }
        return reached[text.length()];
    }

    /** From every place reached to all behind it, as far as the asterisk goes. */
    private static void spread(boolean[] reached, String text, boolean deep) {
        for (int at = 0; at < text.length(); at++) {
            reached[at + 1] |= reached[at] && (deep || text.charAt(at) != '/');
        }
    }

    private static void advance(boolean[] reached, String text, char symbol) {
        for (int at = text.length(); at > 0; at--) {
            char read = text.charAt(at - 1);
            reached[at] = reached[at - 1] && (symbol == '?' ? read != '/' : read == symbol);
        }
        reached[0] = false;
    }
}
