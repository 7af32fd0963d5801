package io.cowshed.http;

import java.time.DateTimeException;
import java.time.Instant;

/** Times as requests write them: {@code 2027-01-31T12:00:00Z} (RFC 3339, section 5.6). */
public final class Rfc3339 {

    private Rfc3339() {}

    /**
     * Reads a time. Years have four digits, so that every database can hold it.
     *
     * @throws DateTimeException when it is of another form
     */
    public static Instant parse(String text) {
        if (text.startsWith("+") || text.startsWith("-")) {
            throw new DateTimeException("the year has more than four digits, or lies before the year 0");
        }
        return Instant.parse(text);
    }
}
