package io.cowshed.transfer.web;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/**
 * Which bytes of a disk are asked for (RFC 9110, section 14).
 *
 * @param start the first byte
 * @param end the byte after the last
 */
record ByteRange(long start, long end) {

    private static final Pattern SINGLE = Pattern.compile("bytes=(\\d{0,19})-(\\d{0,19})");

    long length() {
        return end - start;
    }

    String contentRange(long size) {
        return "bytes " + start + "-" + (end - 1) + "/" + size;
    }

    /**
     * The one range that a {@code Range} header asks for, or null where the whole is to be sent: without the header, and
     * where it is of another form or asks for several ranges, which section 14.2 allows to ignore.
     *
     * @throws CowshedException {@link ProblemType#RANGE_NOT_SATISFIABLE} when it has no byte of the disk in it
     */
    static @Nullable ByteRange parse(@Nullable String header, long size) {
        Matcher range = SINGLE.matcher(header == null ? "" : header.strip());
        if (!range.matches() || (range.group(1).isEmpty() && range.group(2).isEmpty())) {
            return null;
        }
        if (range.group(1).isEmpty()) {
            long last = Math.min(number(range.group(2)), size);
            return satisfiable(size - last, size, size);
        }
        long start = number(range.group(1));
        if (range.group(2).isEmpty()) {
            return satisfiable(start, size, size);
        }
        long last = number(range.group(2));
        return last < start ? null : satisfiable(start, last >= size ? size : last + 1, size);
    }

    private static ByteRange satisfiable(long start, long end, long size) {
        if (start >= end) {
            throw new Unsatisfiable(size);
        }
        return new ByteRange(start, end);
    }

    /** A number of up to 19 digits; one that is too large for a long lies past the end of any disk. */
    private static long number(String digits) {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }

    private static final class Unsatisfiable extends CowshedException {
        Unsatisfiable(long size) {
            super(
                    ProblemType.RANGE_NOT_SATISFIABLE,
                    "The range has no byte of this disk in it, which is " + size + " bytes long.",
                    null);
            header(HttpHeaders.CONTENT_RANGE, "bytes */" + size);
        }
    }
}
