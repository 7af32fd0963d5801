package io.cowshed.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The way from every version of the schema to the latest, with rows in it, on both databases. */
class MigrationTests {

    private static final String FROZEN = "/db/frozen-migrations.txt";

    /** Each begins with rows as a build of that version wrote them. */
    @ParameterizedTest
    @EnumSource
    void everyVersionWithRowsBecomesTheLatest(TestDatabase.Kind kind) throws Exception {
        List<String> latest;
        List<Integer> versions;
        try (TestDatabase database = TestDatabase.create(kind)) {
            flyway(database, "latest").migrate();
            latest = columns(database);
            versions = Arrays.stream(flyway(database, "latest").info().applied())
                    .map(MigrationTests::number)
                    .toList();
        }
        assertThat(versions).hasSizeGreaterThan(10);
        for (int version : versions) {
            try (TestDatabase database = TestDatabase.create(kind)) {
                flyway(database, String.valueOf(version)).migrate();
                Map<String, Long> before;
                try (Connection connection = database.connect()) {
                    SchemaRows.insert(connection, version);
                    before = counts(connection);
                }

                flyway(database, "latest").migrate();

                assertThat(columns(database)).as("from version %d", version).isEqualTo(latest);
                try (Connection connection = database.connect()) {
                    Map<String, Long> after = counts(connection);
                    before.forEach((table, rows) -> assertThat(after.get(table))
                            .as("rows in %s from version %d", table, version)
                            .isGreaterThanOrEqualTo(rows));
                    requireMeaning(connection, version);
                }
            }
        }
    }

    /** What the columns that came later say of rows that were there before. */
    private static void requireMeaning(Connection connection, int version) throws SQLException {
        assertThat(one(connection, "select state from image where id = '" + SchemaRows.CLONE + "'"))
                .isEqualTo("available");
        assertThat(one(connection, "select parent_id from image where id = '" + SchemaRows.CLONE + "'"))
                .isEqualTo(SchemaRows.BASE);
        assertThat(one(connection, "select trashed_at is not null from image where id = '" + SchemaRows.TRASHED + "'"))
                .isIn("TRUE", "t");
        assertThat(one(connection, "select on_expire from image where id = '" + SchemaRows.DISPOSABLE + "'"))
                .isEqualTo("trash");
        if (version < 5) {
            assertThat(one(connection, "select child_count from image where id = '" + SchemaRows.BASE + "'"))
                    .isEqualTo("2");
        }
    }

    /** Databases remember the checksums of what they went through, and refuse a build that has others. */
    @ParameterizedTest
    @EnumSource
    void noMigrationThatIsFrozenIsEdited(TestDatabase.Kind kind) throws Exception {
        try (TestDatabase database = TestDatabase.create(kind)) {
            Map<String, String> found = new TreeMap<>();
            int newest = 0;
            for (MigrationInfo each : flyway(database, "latest").info().all()) {
                found.put(
                        word(kind) + " " + each.getVersion(),
                        word(kind) + " " + each.getVersion() + " " + each.getDescription() + " " + each.getChecksum());
                newest = Math.max(newest, number(each));
            }
            List<String> frozen = frozen(kind);
            assertThat(frozen).isNotEmpty();
            for (String line : frozen) {
                String key = String.join(" ", Arrays.copyOf(line.split(" ", -1), 2));
                assertThat(found.remove(key))
                        .as(
                                "A frozen migration is never edited, renamed or removed: write another one (docs/upgrade.md)")
                        .isEqualTo(line);
            }
            int last = frozen.stream()
                    .mapToInt(line -> Integer.parseInt(line.split(" ", -1)[1]))
                    .max()
                    .orElseThrow();
            assertThat(found.keySet())
                    .as("what comes later has a greater number")
                    .allMatch(key -> Integer.parseInt(key.split(" ", -1)[1]) > last);
            assertThat(newest).isGreaterThanOrEqualTo(last);
        }
    }

    private static List<String> frozen(TestDatabase.Kind kind) throws IOException {
        try (InputStream list = MigrationTests.class.getResourceAsStream(FROZEN)) {
            return new String(Objects.requireNonNull(list).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> line.startsWith(word(kind) + " "))
                    .toList();
        }
    }

    private static String word(TestDatabase.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    private static int number(MigrationInfo migration) {
        return Integer.parseInt(migration.getVersion().getVersion());
    }

    /** As the service goes about it. */
    private static Flyway flyway(TestDatabase database, String target) {
        return Flyway.configure()
                .dataSource(database.url(), database.user(), database.password())
                .locations("classpath:db/migration", "classpath:db/vendor/" + word(database.kind()))
                .target(target)
                .load();
    }

    private static List<String> columns(TestDatabase database) throws SQLException {
        List<String> columns = new ArrayList<>();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("select table_name, column_name, data_type, is_nullable,"
                        + " character_maximum_length from information_schema.columns"
                        + " where lower(table_schema) = 'public' order by 1, 2")) {
            while (found.next()) {
                columns.add("%s.%s %s(%s) %s"
                        .formatted(
                                found.getString(1),
                                found.getString(2),
                                found.getString(3),
                                found.getString(5),
                                found.getString(4)));
            }
        }
        return columns;
    }

    /** How many rows each table has, but for those in which migrations themselves are written down. */
    private static Map<String, Long> counts(Connection connection) throws SQLException {
        List<String> tables = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("select table_name from information_schema.tables"
                        + " where lower(table_schema) = 'public' and lower(table_name) <> 'flyway_schema_history'")) {
            while (found.next()) {
                tables.add(found.getString(1));
            }
        }
        Map<String, Long> counts = new TreeMap<>();
        for (String table : tables) {
            counts.put(table, Long.parseLong(one(connection, "select count(*) from " + table)));
        }
        return counts;
    }

    private static String one(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery(sql)) {
            assertThat(found.next()).isTrue();
            return found.getString(1);
        }
    }
}
