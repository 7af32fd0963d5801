package io.cowshed.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.zaxxer.hikari.HikariDataSource;
import io.cowshed.problem.CannotStart;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.problem.ProblemRenderer;
import io.cowshed.testing.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.annotation.Transactional;

@Timeout(60)
class DatabaseUnavailableTests {

    @ParameterizedTest
    @EnumSource
    void tellsAnExhaustedPool(TestDatabase.Kind kind) throws Exception {
        try (TestDatabase database = TestDatabase.create(kind);
                ConfigurableApplicationContext context = start(database)) {
            List<Connection> taken = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                taken.add(context.getBean(DataSource.class).getConnection());
            }
            Work work = context.getBean(Work.class);
            assertThatThrownBy(work::count)
                    .isInstanceOfSatisfying(
                            DatabaseUnavailable.class,
                            e -> assertThat(e.headers()).containsEntry("Retry-After", "2"));
            assertThat(ProblemRenderer.translate(catchThrowable(() -> context.getBean(JdbcClient.class)
                            .sql("select 1")
                            .query(Long.class)
                            .single())))
                    .isInstanceOf(DatabaseUnavailable.class);
            Transactions transactions = context.getBean(Transactions.class);
            assertThatThrownBy(() -> transactions.write(work::count)).isInstanceOf(DatabaseUnavailable.class);
            assertThatThrownBy(() -> transactions.writeSoon(work::count)).isInstanceOf(DatabaseUnavailable.class);
            for (Connection connection : taken) {
                connection.close();
            }
            assertThat(work.count()).isOne();
        }
    }

    @Test
    void aStatementThatPostgresqlDoesNotAnswerIsGivenUpAfterFiveMinutesUnlessAnotherTimeIsWished() {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL)) {
            try (ConfigurableApplicationContext context = start(database)) {
                assertThat(context.getBean(HikariDataSource.class).getDataSourceProperties())
                        .containsEntry("socketTimeout", "300");
            }
            String wished = "spring.datasource.hikari.data-source-properties.socketTimeout=7";
            try (ConfigurableApplicationContext context = start(database, wished)) {
                assertThat(context.getBean(HikariDataSource.class).getDataSourceProperties())
                        .containsEntry("socketTimeout", "7");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsALockThatIsNotHadInTime(TestDatabase.Kind kind) throws Exception {
        try (TestDatabase database = TestDatabase.create(kind);
                ConfigurableApplicationContext context = start(database);
                Connection holder = database.connect();
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("select * from installation for update");
            String shorter = kind == TestDatabase.Kind.H2 ? "set lock_timeout 200" : "set local lock_timeout = 200";
            assertThatThrownBy(() -> context.getBean(Work.class).lock(shorter)).isInstanceOf(DatabaseUnavailable.class);
        }
    }

    /** An administrator may have set how long PostgreSQL lets one take. */
    @Test
    void tellsAStatementThatIsCancelled() throws Exception {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL);
                ConfigurableApplicationContext context = start(database);
                Connection holder = database.connect();
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("select * from installation for update");
            assertThatThrownBy(() -> context.getBean(Work.class).lock("set local statement_timeout = 200"))
                    .isInstanceOf(DatabaseUnavailable.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsAConflictThatHasNoSqlState(TestDatabase.Kind kind) {
        try (TestDatabase database = TestDatabase.create(kind);
                ConfigurableApplicationContext context = start(database)) {
            assertThatThrownBy(context.getBean(Work.class)::conflict).isInstanceOf(DatabaseUnavailable.class);
        }
    }

    @Test
    void tellsAServerThatCutTheConnection() {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL);
                ConfigurableApplicationContext context = start(database)) {
            assertThatThrownBy(context.getBean(Work.class)::cutOff).isInstanceOf(DatabaseUnavailable.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void leavesOtherFailuresAsTheyAre(TestDatabase.Kind kind) {
        try (TestDatabase database = TestDatabase.create(kind);
                ConfigurableApplicationContext context = start(database)) {
            assertThatThrownBy(context.getBean(Work.class)::violate)
                    .isInstanceOf(DataIntegrityViolationException.class)
                    .satisfies(
                            e -> assertThat(SqlFailures.violatedConstraint(e)).contains("installation_is_one"));
        }
    }

    @Test
    void refusesToStartWherePostgresqlMayLoseCommits() throws Exception {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL);
                Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("alter database " + connection.getCatalog() + " set synchronous_commit = off");
            assertThatThrownBy(() -> start(database).close())
                    .hasRootCauseInstanceOf(CannotStart.class)
                    .hasRootCauseMessage("PostgreSQL's synchronous_commit is off: a power cut would lose images that "
                            + "Cowshed has said exist. Set it to on (ALTER DATABASE … SET synchronous_commit = on).");
        }
    }

    private static ConfigurableApplicationContext start(TestDatabase database, String... more) {
        return new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .properties(database.properties())
                .properties(more)
                .run(
                        "--spring.datasource.hikari.connection-timeout=300",
                        "--spring.datasource.hikari.maximum-pool-size=2",
                        // Health is not a part of this.
                        "--management.endpoint.health.validate-group-membership=false",
                        "--logging.level.root=off");
    }

    @Transactional
    static class Work {

        private final JdbcClient database;

        Work(JdbcClient database) {
            this.database = database;
        }

        @Transactional(readOnly = true)
        long count() {
            return database.sql("select count(*) from installation")
                    .query(Long.class)
                    .single();
        }

        void conflict() {
            throw new OptimisticLockingFailureException("somebody else was faster");
        }

        void lock(String shorterTimeout) {
            database.sql(shorterTimeout).update();
            database.sql("select id from installation for update").query().listOfRows();
        }

        void cutOff() {
            database.sql("select pg_terminate_backend(pg_backend_pid())")
                    .query()
                    .listOfRows();
        }

        void violate() {
            database.sql("update installation set singleton = false").update();
        }
    }

    @Configuration
    @EnableAutoConfiguration
    @ComponentScan("io.cowshed.database")
    @Import(Work.class)
    static class Application {}
}
