package io.cowshed.rescue;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of an export's file: sixteen digits, so that names sort by number, and what it holds.
 *
 * @param number of the export
 */
record ExportName(long number, ExportHeader.Kind kind) {

    private static final int DIGITS = 16;
    private static final Pattern FORM = Pattern.compile("([0-9]{" + DIGITS + "})-(full|changes)\\.jsonl\\.zst");

    static Optional<ExportName> parse(String name) {
        Matcher form = FORM.matcher(name);
        return form.matches()
                ? Optional.of(new ExportName(
                        Long.parseLong(form.group(1)),
                        form.group(2).equals("full") ? ExportHeader.Kind.FULL : ExportHeader.Kind.CHANGES))
                : Optional.empty();
    }

    @Override
    public String toString() {
        String digits = Long.toString(number);
        return "0".repeat(DIGITS - digits.length()) + digits
                + switch (kind) {
                    case FULL -> "-full";
                    case CHANGES -> "-changes";
                }
                + ".jsonl.zst";
    }
}
