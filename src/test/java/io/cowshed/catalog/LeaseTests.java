package io.cowshed.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.cowshed.problem.CowshedException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When images are announced to go, go, and are tried again. */
class LeaseTests {

    private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");

    private final LeaseTerms terms = new LeaseTerms(Duration.ofHours(1), Duration.ofDays(30));

    @Test
    void theEndIsAnnouncedAnHourBefore() {
        Lease lease = begin(Duration.ofHours(8));
        assertThat(lease.dueAt()).isEqualTo(NOW.plus(Duration.ofHours(7)));
        Lease warned = lease.warned(NOW.plus(Duration.ofHours(7)));
        assertThat(warned.dueAt()).isEqualTo(NOW.plus(Duration.ofHours(8)));
        assertThat(warned.isOver(NOW.plus(Duration.ofHours(8)).minusMillis(1))).isFalse();
        assertThat(warned.isOver(NOW.plus(Duration.ofHours(8)))).isTrue();
    }

    @Test
    void ofAShortLifeHalfRemains() {
        assertThat(begin(Duration.ofMinutes(10)).dueAt()).isEqualTo(NOW.plus(Duration.ofMinutes(5)));
    }

    @Test
    void whoIsAnnouncedLateGoesLater() {
        Instant late = NOW.plus(Duration.ofDays(2));
        Lease warned = begin(Duration.ofHours(8)).warned(late);
        assertThat(warned.isOver(late)).isFalse();
        assertThat(warned.dueAt()).isEqualTo(late.plus(Duration.ofHours(1)));
        assertThat(warned.isOver(late.plus(Duration.ofHours(1)))).isTrue();
    }

    @Test
    void whoIsNotAnnouncedIsNeverOver() {
        assertThat(begin(Duration.ofHours(8)).isOver(NOW.plus(Duration.ofDays(3000))))
                .isFalse();
    }

    @Test
    void aRenewalForgetsTheAnnouncement() {
        Instant late = NOW.plus(Duration.ofMinutes(470));
        Lease held = begin(Duration.ofHours(8)).warned(late).held(ExpiryHold.IN_USE, "x", late);
        Lease renewed = terms.renewed(held, late, Duration.ofHours(4), false);
        assertThat(renewed.warnedAt()).isNull();
        assertThat(renewed.hold()).isNull();
        assertThat(renewed.expiresAt()).isEqualTo(late.plus(Duration.ofHours(4)));
        assertThat(renewed.dueAt()).isEqualTo(late.plus(Duration.ofHours(3)));
    }

    @Test
    void aRenewalShortensOnlyWhenAskedTo() {
        Lease lease = begin(Duration.ofHours(8));
        assertThat(terms.renewed(lease, NOW, Duration.ofHours(1), false)).isEqualTo(lease);
        assertThat(terms.renewed(lease, NOW, Duration.ofHours(1), true).expiresAt())
                .isEqualTo(NOW.plus(Duration.ofHours(1)));
    }

    @Test
    void allRenewalsTogetherStayBelowTheLongestLife() {
        Lease lease = begin(Duration.ofDays(20));
        Instant later = NOW.plus(Duration.ofDays(15));
        assertThat(terms.renewed(lease, later, Duration.ofDays(15), false).expiresAt())
                .isEqualTo(NOW.plus(Duration.ofDays(30)));
        assertThatExceptionOfType(CowshedException.class)
                .isThrownBy(
                        () -> terms.renewed(lease, later, Duration.ofDays(15).plusSeconds(1), false))
                .withMessageContaining("2026-12-21T00:00:00Z");
    }

    @Test
    void pausesGrowToTenMinutes() {
        Lease lease = begin(Duration.ofSeconds(2)).warned(NOW);
        List<Long> pauses = new ArrayList<>();
        for (int i = 0; i < 70; i++) {
            lease = lease.held(ExpiryHold.IN_USE, "x", NOW);
            pauses.add(Duration.between(NOW, lease.dueAt()).toMinutes());
        }
        assertThat(pauses).startsWith(1L, 2L, 4L, 8L, 10L, 10L).endsWith(10L, 10L);
    }

    @Test
    void whoIsFlaggedIsLetAlone() {
        assertThat(begin(Duration.ofSeconds(2)).warned(NOW).flagged().dueAt()).isNull();
    }

    private Lease begin(Duration ttl) {
        return terms.begin(NOW, ttl, OnExpire.TRASH, null);
    }
}
