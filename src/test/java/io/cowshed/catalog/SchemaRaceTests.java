package io.cowshed.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.database.SqlFailures;
import io.cowshed.testing.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the schema alone does about two racing transactions, with none of the catalogue's code between them. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SchemaRaceTests {

    /** What takes a parent away from its children. */
    enum Taking {
        UNSEAL("update image set sealed = false, digest = null, clonable = false where id = ?"),
        TRASH(
                "update image set state = 'trashed', live_name = null, clonable = false, trashed_at = created_at where id = ?"),
        DELETE("delete from image where id = ?");

        private final String sql;

        Taking(String sql) {
            this.sql = sql;
        }
    }

    private final CatalogFixture fixture;
    private final Race race;
    private Image parent;

    @SuppressWarnings("NullAway.Init")
    SchemaRaceTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind);
        race = new Race(fixture.database());
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @BeforeEach
    void addParent() {
        parent = fixture.sealedBase(name());
    }

    @ParameterizedTest
    @EnumSource
    void parentIsNotTakenFromAChildThatIsBeingAdded(Taking taking) throws Exception {
        Race.Outcome outcome = race.run(addChild(true), take(taking, true));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.first()).isNull();
        assertRefused(outcome.second(), Constraint.PARENT);
    }

    @ParameterizedTest
    @EnumSource
    void noChildIsAddedToAParentThatIsBeingTaken(Taking taking) throws Exception {
        Race.Outcome outcome = race.run(take(taking, true), addChild(true));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.first()).isNull();
        assertRefused(outcome.second(), Constraint.PARENT);
    }

    /** Shows what the row lock is for: see the two kinds of database. */
    @ParameterizedTest
    @EnumSource
    void constraintWithoutTheLockOfTheParent(Taking taking) throws Exception {
        Race.Outcome childFirst = race.run(addChild(false), take(taking, false));
        addParent();
        Race.Outcome takingFirst = race.run(take(taking, false), addChild(false));
        for (Race.Outcome outcome : List.of(childFirst, takingFirst)) {
            if (constraintHoldsWithoutLock()) {
                assertThat(outcome.secondWaited()).isTrue();
                assertRefused(outcome.second(), Constraint.PARENT);
            } else {
                assertThat(outcome.bothCommitted()).isTrue();
            }
        }
    }

    @Test
    void oneOfTwoNewImagesGetsTheName() throws Exception {
        String name = name();
        Race.Outcome outcome = race.run(
                inTransaction(false, connection -> insert(connection, name, null)),
                inTransaction(false, connection -> insert(connection, name, null)));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.first()).isNull();
        assertRefused(outcome.second(), Constraint.LIVE_NAME);
    }

    @Test
    void nameOfARenamedImageIsNotGivenToANewOne() throws Exception {
        String name = name();
        Race.Outcome outcome =
                race.run(renameParent(name), inTransaction(false, connection -> insert(connection, name, null)));
        assertThat(outcome.secondWaited()).isTrue();
        assertRefused(outcome.second(), Constraint.LIVE_NAME);
    }

    @Test
    void nameOfANewImageIsNotTakenByRenaming() throws Exception {
        String name = name();
        Race.Outcome outcome =
                race.run(inTransaction(false, connection -> insert(connection, name, null)), renameParent(name));
        assertThat(outcome.secondWaited()).isTrue();
        assertRefused(outcome.second(), Constraint.LIVE_NAME);
    }

    /** Whether the foreign key alone keeps two transactions apart that do not lock the parent's row. */
    abstract boolean constraintHoldsWithoutLock();

    private static void assertRefused(@Nullable Throwable failure, String constraint) {
        assertThat(Optional.ofNullable(failure).flatMap(SqlFailures::violatedConstraint))
                .contains(constraint);
    }

    private Race.Contender renameParent(String name) {
        return inTransaction(
                false,
                connection -> execute(
                        connection, "update image set name = ?, live_name = ? where id = ?", name, name, parent.id()));
    }

    private Race.Contender addChild(boolean lock) {
        return inTransaction(lock, connection -> insert(connection, name(), parent.id()));
    }

    private Race.Contender take(Taking taking, boolean lock) {
        return inTransaction(lock, connection -> execute(connection, taking.sql, parent.id()));
    }

    private Race.Contender inTransaction(boolean lockParent, Work work) {
        return beforeCommit -> {
            try (Connection connection = fixture.database().connect()) {
                connection.setAutoCommit(false);
                if (lockParent) {
                    execute(connection, "select id from image where id = ? for update", parent.id());
                }
                work.on(connection);
                beforeCommit.pause();
                connection.commit();
            }
        };
    }

    private static void insert(Connection connection, String name, @Nullable UUID parent) throws SQLException {
        execute(
                connection,
                "insert into image (id, name, live_name, description, search_text, state, sealed, protected, lifetime, clonable, "
                        + "parent_id, parent_clonable, virtual_size, allocated_size, cluster_size, created_at, "
                        + "created_by, updated_at, version) values (?, ?, ?, '', '', 'available', false, false, "
                        + "'persistent', false, ?, ?, 0, 0, 65536, current_timestamp, 'test', current_timestamp, 0)",
                UUID.randomUUID(),
                name,
                name,
                parent,
                parent == null ? null : true);
    }

    private static void execute(Connection connection, String sql, @Nullable Object... parameters) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            statement.execute();
        }
    }

    private static String name() {
        return "race-" + UUID.randomUUID();
    }

    @FunctionalInterface
    private interface Work {
        void on(Connection connection) throws SQLException;
    }
}
