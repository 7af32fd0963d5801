package io.cowshed.ci;

import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A delivery as it came in, from anybody.
 *
 * @param hook which it is for, by its path
 * @param provider of the kind that it claims to be of
 * @param header the value of a header, null where there is none
 * @param body the bytes that were sent
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares deliveries
public record Incoming(UUID hook, Provider provider, Function<String, @Nullable String> header, byte[] body) {

    private static final int MAX_HEADER = 1024;

    /** A header that says something, cut. */
    String said(String name) {
        String value = header.apply(name);
        return value == null ? "" : Words.fit(value.strip(), MAX_HEADER);
    }
}
