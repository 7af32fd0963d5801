package io.cowshed.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.problem.DatabaseUnavailable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionTemplate;

/** What is on disk when a commit has been acknowledged: a power cut is a copy of the file as it was last fsynced. */
@Timeout(60)
class DurableCommitsTests {

    @TempDir
    private Path directory;

    private String url = "";
    private ConfigurableApplicationContext context;
    private int copies;

    @BeforeEach
    void start() {
        RecordingFilePath.register();
        RecordingFilePath.failFsyncs(false);
        url = "jdbc:h2:recorded:async:" + directory.resolve("cowshed");
        context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .properties("spring.datasource.url=" + url, "spring.datasource.username=sa", "logging.level.root=error")
                // Health is not a part of this.
                .properties("management.endpoint.health.validate-group-membership=false")
                .run();
    }

    @AfterEach
    void stop() {
        RecordingFilePath.failFsyncs(false);
        context.close();
    }

    @Test
    void runsUnderTheTransactionManagerOfJpa() {
        assertThat(context.getBean(PlatformTransactionManager.class)).isInstanceOf(JpaTransactionManager.class);
    }

    @Test
    void plainH2LosesACommitInAPowerCut() throws Exception {
        UUID id = UUID.randomUUID();
        try (Connection connection = DriverManager.getConnection(url, "sa", "");
                PreparedStatement insert = connection.prepareStatement(Tokens.INSERT)) {
            insert.setObject(1, id);
            insert.setString(2, Tokens.hash(id));
            insert.executeUpdate();
        }

        assertThat(survivors()).doesNotContain(id);
    }

    @Test
    void acknowledgedCommitSurvivesAPowerCut() throws Exception {
        UUID id = UUID.randomUUID();
        context.getBean(Tokens.class).add(id);

        assertThat(survivors()).contains(id);
    }

    @Test
    void interruptedThreadNeitherLosesItsCommitNorClosesTheDatabase() throws Exception {
        UUID interrupted = UUID.randomUUID();
        Thread committer = Thread.ofPlatform().start(() -> {
            Thread.currentThread().interrupt();
            context.getBean(Tokens.class).add(interrupted);
        });
        committer.join();
        UUID next = UUID.randomUUID();
        context.getBean(Tokens.class).add(next);

        assertThat(survivors()).contains(interrupted, next);
    }

    @Test
    void everyCommitOfManyThreadsSurvivesAPowerCut() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> commits = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                commits.add(threads.submit(() -> {
                    UUID id = UUID.randomUUID();
                    context.getBean(Tokens.class).add(id);
                    return survivors().contains(id);
                }));
            }
            for (Future<Boolean> commit : commits) {
                assertThat(commit.get()).isTrue();
            }
        }
    }

    @Test
    void installationIsDurableOnceItIsKnown() throws Exception {
        UUID id = context.getBean(Installation.class).id();
        assertThat(query("select id from installation")).containsExactly(id);
    }

    @Test
    void readingDoesNotFsync() {
        int before = RecordingFilePath.fsyncs();
        context.getBean(Tokens.class).count();
        assertThat(RecordingFilePath.fsyncs()).isEqualTo(before);
    }

    @Test
    void rollbackDoesNotFsync() {
        int before = RecordingFilePath.fsyncs();
        new TransactionTemplate(context.getBean(PlatformTransactionManager.class))
                .executeWithoutResult(status -> status.setRollbackOnly());
        assertThat(RecordingFilePath.fsyncs()).isEqualTo(before);
    }

    @Test
    void callerLearnsThatItsCommitDidNotReachTheDisk() {
        Tokens tokens = context.getBean(Tokens.class);
        RecordingFilePath.failFsyncs(true);
        assertThatThrownBy(() -> tokens.add(UUID.randomUUID())).isInstanceOf(DatabaseUnavailable.class);

        RecordingFilePath.failFsyncs(false);
        assertThatThrownBy(() -> tokens.add(UUID.randomUUID())).isInstanceOf(DatabaseUnavailable.class);
    }

    private List<UUID> survivors() throws IOException, SQLException {
        return query("select id from access_token");
    }

    private synchronized List<UUID> query(String sql) throws IOException, SQLException {
        Path copy = directory.resolve("copy" + copies++);
        RecordingFilePath.powerCut(directory.resolve("cowshed.mv.db"), Path.of(copy + ".mv.db"));
        List<UUID> ids = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection("jdbc:h2:" + copy, "sa", "");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                ids.add(rows.getObject(1, UUID.class));
            }
        }
        Files.delete(Path.of(copy + ".mv.db"));
        return ids;
    }

    @Transactional
    static class Tokens {

        static final String INSERT = "insert into access_token (id, name, role, secret_hash, created_at, created_by) "
                + "values (?, 'test', 'reader', ?, current_timestamp, 'test')";

        private final JdbcClient database;

        Tokens(JdbcClient database) {
            this.database = database;
        }

        void add(UUID id) {
            database.sql(INSERT).param(id).param(hash(id)).update();
        }

        @Transactional(readOnly = true)
        long count() {
            return database.sql("select count(*) from access_token")
                    .query(Long.class)
                    .single();
        }

        static String hash(UUID id) {
            return id.toString().replace("-", "").repeat(2);
        }
    }

    @Configuration
    @EnableAutoConfiguration
    @ComponentScan("io.cowshed.database")
    @Import(Tokens.class)
    static class Application {}
}
