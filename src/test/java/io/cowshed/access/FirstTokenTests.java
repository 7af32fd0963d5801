package io.cowshed.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The way in, where two replicas start at the same time and find none. */
class FirstTokenTests extends ServiceTests {

    private static final int ROUNDS = 20;

    private TestService other;

    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }

    /** With the data directory of the first, where both would write it to the same file. */
    @BeforeAll
    void startAnother() {
        other = service.another(database, service.directory().resolve("data"));
    }

    @AfterAll
    void stopAnother() {
        other.close();
    }

    @Test
    void oneOfThemMakesIt() throws Exception {
        AccessTokens tokens = service.bean(AccessTokens.class);
        CyclicBarrier start = new CyclicBarrier(2);
        try (ExecutorService replicas = Executors.newFixedThreadPool(2)) {
            for (int round = 0; round < ROUNDS; round++) {
                revokeAll();
                List<Future<?>> both = List.of(service, other).stream()
                        .<Future<?>>map(replica -> replicas.submit(() -> {
                            start.await();
                            replica.bean(FirstToken.class).makeWhereNoneIs();
                            return null;
                        }))
                        .toList();
                for (Future<?> each : both) {
                    each.get();
                }
                assertThat(tokens.list()).as("round %d", round).hasSize(1);
            }
        }
    }

    private void revokeAll() throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("update access_token set revoked_at = now() where revoked_at is null");
        }
    }
}
