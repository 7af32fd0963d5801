package io.cowshed.access;

import io.cowshed.problem.DatabaseUnavailable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.server.resource.introspection.BadOpaqueTokenException;
import org.springframework.security.oauth2.server.resource.introspection.OpaqueTokenIntrospector;

/**
 * The tokens of those who scrape the metrics. These are needed most when the database does not answer, which knows the tokens:
 * whoever it let in within the last hour is let in then as well.
 */
final class ScrapeTokens implements OpaqueTokenIntrospector {

    private static final Duration REMEMBERED = Duration.ofHours(1);

    /** So many scrapers nobody has. */
    private static final int MOST = 100;

    private final OpaqueTokenIntrospector database;
    private final Duration patience;
    private final Clock clock;

    /** By a hash of the token, when and as whom it was let in last. */
    private final Map<String, Known> known = new ConcurrentHashMap<>();

    private record Known(OAuth2AuthenticatedPrincipal principal, Instant at) {}

    /** @param patience how long the database is waited for: less than a scraper waits */
    ScrapeTokens(OpaqueTokenIntrospector database, Duration patience, Clock clock) {
        this.database = database;
        this.patience = patience;
        this.clock = clock;
    }

    @Override
    public OAuth2AuthenticatedPrincipal introspect(String token) {
        String hash = hash(token);
        try {
            OAuth2AuthenticatedPrincipal principal = ask(token);
            if (known.size() >= MOST) {
                known.clear();
            }
            known.put(hash, new Known(principal, clock.instant()));
            return principal;
        } catch (BadOpaqueTokenException e) {
            known.remove(hash);
            throw e;
        } catch (NobodyToAsk e) {
            return remembered(known.get(hash), e);
        }
    }

    private OAuth2AuthenticatedPrincipal remembered(@Nullable Known last, NobodyToAsk failure) {
        if (last == null || last.at().plus(REMEMBERED).isBefore(clock.instant())) {
            throw failure;
        }
        return last.principal();
    }

    /** A database that hangs is not waited for. */
    private OAuth2AuthenticatedPrincipal ask(String token) {
        FutureTask<OAuth2AuthenticatedPrincipal> asked = new FutureTask<>(() -> database.introspect(token));
        Thread.ofVirtual().name("scrape").start(asked);
        try {
            return asked.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : new CompletionException(e.getCause());
        } catch (TimeoutException e) {
            throw unanswered(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unanswered(e);
        }
    }

    private static NobodyToAsk unanswered(Exception cause) {
        return new NobodyToAsk(new DatabaseUnavailable(cause));
    }

    private static String hash(String token) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
