package io.cowshed.operation.web;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a {@code Prefer} header says about waiting (RFC 7240, section 4.3). Preferences that are not understood are ignored. */
final class Patience {

    private static final Pattern WAIT =
            Pattern.compile("(?:^|[,;])\\s*wait\\s*=\\s*\"?(\\d{1,9})\"?\\s*(?=$|[,;])", Pattern.CASE_INSENSITIVE);

    private static final long MOST_SECONDS = 60;

    private Patience() {}

    /** How long the caller prefers to wait; empty where it does not say. */
    static Optional<Duration> of(@Nullable String prefer) {
        if (prefer == null) {
            return Optional.empty();
        }
        Matcher wait = WAIT.matcher(prefer.toLowerCase(Locale.ROOT));
        return wait.find()
                ? Optional.of(Duration.ofSeconds(Math.min(MOST_SECONDS, Long.parseLong(wait.group(1)))))
                : Optional.empty();
    }
}
