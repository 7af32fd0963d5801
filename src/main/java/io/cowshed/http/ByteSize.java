package io.cowshed.http;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A size as a request may write it: a number of bytes, or a whole number with a binary unit, {@code "20GiB"}. */
public record ByteSize(@JsonValue long bytes) {

    private static final Pattern FORM = Pattern.compile("([0-9]{1,19}) ?(B|KiB|MiB|GiB|TiB|PiB)?");

    /** @throws CowshedException {@link ProblemType#INVALID_REQUEST} when negative */
    @JsonCreator
    public ByteSize {
        if (bytes < 0) {
            throw refused();
        }
    }

    /**
     * Reads a size.
     *
     * @throws CowshedException {@link ProblemType#INVALID_REQUEST} when it is none, or is 2^63 bytes or more
     */
    @JsonCreator
    public static ByteSize parse(String text) {
        Matcher parts = FORM.matcher(text.strip());
        if (!parts.matches()) {
            throw refused();
        }
        try {
            return new ByteSize(Math.multiplyExact(Long.parseLong(parts.group(1)), unit(parts.group(2))));
        } catch (ArithmeticException | NumberFormatException e) {
            throw refused();
        }
    }

    private static long unit(@Nullable String name) {
        return switch (name) {
            case "KiB" -> 1L << 10;
            case "MiB" -> 1L << 20;
            case "GiB" -> 1L << 30;
            case "TiB" -> 1L << 40;
            case "PiB" -> 1L << 50;
            case null, default -> 1;
        };
    }

    private static CowshedException refused() {
        return new CowshedException(
                ProblemType.INVALID_REQUEST,
                "A size is not one.",
                "Write a number of bytes such as 1073741824, or a whole number with a unit such as \"20GiB\".");
    }
}
