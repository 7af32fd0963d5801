package io.cowshed.ci;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What callers and CI systems write, on its way into rows and sentences. */
final class Words {

    private static final int MAX_QUOTED = 60;

    private Words() {}

    static CowshedException refuse(String detail, @Nullable String action) {
        return new CowshedException(ProblemType.INVALID_REQUEST, detail, action);
    }

    /** In quotes, cut and without control characters. */
    static String quote(String value) {
        return '"' + fit(value, MAX_QUOTED) + '"';
    }

    /** Without what PostgreSQL cannot store (NUL, a lone surrogate) and without control characters, and no longer than that. */
    static String fit(String value, int length) {
        String readable = value.codePoints()
                .limit(length)
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        if (readable.length() <= length) {
            return readable;
        }
        // Characters beyond the first plane take two units: never half of one.
        int end = Character.isHighSurrogate(readable.charAt(length - 1)) ? length - 1 : length;
        return readable.substring(0, end);
    }

    /** An unmodifiable copy; nothing for null. */
    static <T> List<T> copy(@Nullable List<@Nullable T> values, int most, String field) {
        if (values == null) {
            return List.of();
        }
        if (values.size() > most) {
            throw refuse(field + " has " + values.size() + " entries.", "Use at most " + most + ".");
        }
        return values.stream()
                .map(value -> {
                    if (value == null) {
                        throw refuse(field + " has a null among its entries.", null);
                    }
                    return value;
                })
                .collect(Collectors.toUnmodifiableList());
    }
}
