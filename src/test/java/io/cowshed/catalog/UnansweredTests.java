package io.cowshed.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.database.Transactions;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What is not answered is not missing. */
class UnansweredTests extends ServiceTests {

    private static final String BREAK_OFF = "select pg_terminate_backend(pid) from pg_stat_activity"
            + " where datname = current_database() and pid <> pg_backend_pid()";

    private UUID image;

    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }

    @BeforeAll
    void makeImage() {
        VerbChains.succeed(api.postJson("images", "{\"name\": \"there\", \"virtualSize\": \"1MiB\"}"));
        VerbChains.succeed(api.postJson("families", "{\"name\": \"there\"}"));
        image = UUID.fromString(new VerbChains(service).id("there"));
    }

    @Test
    void anImageIsNotMissingWhereTheDatabaseBreaksOff() {
        assertNoAnswer(() -> {
            execute(BREAK_OFF);
            return service.bean(Images.class).lock(ImageRef.of(image));
        });
        assertNoAnswer(() -> {
            execute(BREAK_OFF);
            return service.bean(Images.class).find(ImageRef.of(image));
        });
    }

    @Test
    void anImageIsNotMissingWhereAStatementHasDoomedTheTransaction() throws SQLException {
        try (Connection other = database.connect();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("select 1 from image where id = '" + image + "' for update");
            assertNoAnswer(() -> {
                service.bean(JdbcClient.class)
                        .sql("set local lock_timeout = '50ms'")
                        .update();
                return service.bean(Images.class).lock(ImageRef.of(image));
            });
        }
    }

    /** By what is thrown within the transaction: what becomes of that when it is rolled back says more by chance. */
    private void assertNoAnswer(Supplier<Image> call) {
        AtomicReference<Throwable> within = new AtomicReference<>();
        assertThatThrownBy(() -> service.bean(Transactions.class).write(() -> {
                    try {
                        return call.get();
                    } catch (RuntimeException e) {
                        within.set(e);
                        throw e;
                    }
                }))
                .isInstanceOf(DatabaseUnavailable.class);
        assertThat(within.get()).isInstanceOf(DatabaseUnavailable.class);
    }

    private void execute(String sql) {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
