package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.util.regex.Pattern;

/**
 * The name of an image: 1 to 128 letters, digits, dots, underscores and hyphens, beginning with a letter or a digit; and
 * nothing that reads as an id.
 */
public record ImageName(String value) {

    static final Pattern FORM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final Pattern ID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    /** @throws CowshedException of type INVALID_REQUEST if the value is no name */
    public ImageName {
        if (!FORM.matcher(value).matches()) {
            throw Text.refuse(
                    Text.quote(value) + " cannot be the name of an image.",
                    "Use 1 to 128 letters, digits, '.', '_' and '-', beginning with a letter or a digit.");
        }
        if (looksLikeId(value)) {
            throw Text.refuse(
                    Text.quote(value) + " cannot be the name of an image, because it reads as an id.",
                    "Use a name of another form.");
        }
    }

    /** Whether the text has the form of a UUID (RFC 9562, section 4), in either case. */
    static boolean looksLikeId(String text) {
        return ID.matcher(text).matches();
    }

    @Override
    public String toString() {
        return value;
    }
}
