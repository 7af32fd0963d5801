package io.cowshed.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.problem.DatabaseUnavailable;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DatabaseClockTests {

    private static final Instant NOW = Instant.parse("2026-11-28T12:00:00Z");

    private Instant database = NOW;
    private @Nullable RuntimeException failure;
    private long nanos;
    private Duration wait = Duration.ZERO;

    @Test
    void goesByTheDatabaseHoweverWrongTheMachineIs() {
        DatabaseClock clock = on(NOW.plusSeconds(300));
        assertThat(clock.instant()).isEqualTo(NOW);
        assertThat(clock.skew()).isEqualTo(Duration.ofMinutes(5));
        assertThat(clock.agrees()).isFalse();

        pass(Duration.ofSeconds(7));
        assertThat(clock.instant()).isEqualTo(NOW.plusSeconds(7));
    }

    @Test
    void goesOnWhileTheDatabaseIsAwayAndFollowsItAfterwards() {
        DatabaseClock clock = on(NOW);
        failure = new DatabaseUnavailable(new SQLException("gone"));
        pass(Duration.ofSeconds(30));
        clock.look();
        assertThat(clock.instant()).isEqualTo(NOW.plusSeconds(30));

        failure = null;
        database = NOW.plusSeconds(31);
        clock.look();
        assertThat(clock.instant()).isEqualTo(NOW.plusSeconds(31));
    }

    /** What it waits for is a connection, and then it is told the time of the end rather than that of the middle. */
    @Test
    void anAnswerThatTookLongSetsNothingBeforeTheClocksMayHaveRunApartByAsMuch() {
        DatabaseClock clock = on(NOW);
        wait = Duration.ofSeconds(4);
        pass(Duration.ofSeconds(10));
        database = NOW.plusSeconds(14);
        clock.look();
        assertThat(clock.instant()).isEqualTo(NOW.plusSeconds(14));

        pass(Duration.ofMinutes(40));
        database = NOW.plusSeconds(17).plus(Duration.ofMinutes(40));
        clock.look();
        assertThat(clock.instant()).isBetween(database, database.plus(wait.dividedBy(2)));
        assertThat(clock.instant()).isAfter(NOW.plusSeconds(18).plus(Duration.ofMinutes(40)));
    }

    private DatabaseClock on(Instant machine) {
        return new DatabaseClock(
                () -> {
                    pass(wait);
                    if (failure != null) {
                        throw failure;
                    }
                    return database;
                },
                Clock.fixed(machine, ZoneOffset.UTC),
                () -> nanos);
    }

    private void pass(Duration time) {
        nanos += time.toNanos();
    }
}
