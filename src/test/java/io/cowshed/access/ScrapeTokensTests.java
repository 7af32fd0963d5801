package io.cowshed.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.cowshed.problem.DatabaseUnavailable;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.springframework.security.oauth2.core.DefaultOAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.server.resource.introspection.BadOpaqueTokenException;
import org.springframework.security.oauth2.server.resource.introspection.OpaqueTokenIntrospector;

class ScrapeTokensTests {

    private static final OAuth2AuthenticatedPrincipal PROMETHEUS =
            new DefaultOAuth2AuthenticatedPrincipal("prometheus", Map.of("sub", "1"), List.of());

    private static final OpaqueTokenIntrospector AWAY = _ -> {
        throw new NobodyToAsk(new DatabaseUnavailable(new IllegalStateException("away")));
    };

    private Instant now = Instant.parse("2026-11-28T12:00:00Z");
    private OpaqueTokenIntrospector database = _ -> PROMETHEUS;
    private final ScrapeTokens tokens =
            new ScrapeTokens(presented -> database.introspect(presented), Duration.ofMillis(100), new Now());

    private final class Now extends Clock {
        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @Test
    void whoWasLetInLatelyIsLetInWhileTheDatabaseIsAway() {
        tokens.introspect("known");
        database = AWAY;
        now = now.plus(Duration.ofMinutes(59));

        assertThat(tokens.introspect("known")).isEqualTo(PROMETHEUS);
        assertThatExceptionOfType(NobodyToAsk.class).isThrownBy(() -> tokens.introspect("unknown"));
    }

    @Test
    void whoWasLetInLongAgoIsNot() {
        tokens.introspect("known");
        database = AWAY;
        now = now.plus(Duration.ofMinutes(61));

        assertThatExceptionOfType(NobodyToAsk.class).isThrownBy(() -> tokens.introspect("known"));
    }

    @Test
    void aDatabaseThatHangsIsNotWaitedFor() {
        tokens.introspect("known");
        CountDownLatch never = new CountDownLatch(1);
        database = _ -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return PROMETHEUS;
        };

        assertThat(tokens.introspect("known")).isEqualTo(PROMETHEUS);
        never.countDown();
    }

    @Test
    void whoseTokenWasRevokedIsForgotten() {
        tokens.introspect("known");
        database = _ -> {
            throw new BadOpaqueTokenException("revoked");
        };
        assertThatExceptionOfType(BadOpaqueTokenException.class).isThrownBy(() -> tokens.introspect("known"));
        database = AWAY;

        assertThatExceptionOfType(NobodyToAsk.class).isThrownBy(() -> tokens.introspect("known"));
    }
}
