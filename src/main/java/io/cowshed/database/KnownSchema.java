package io.cowshed.database;

import io.cowshed.problem.CannotStart;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;

/**
 * Brings the schema up to date, unless a newer build has been there: what its rows mean this one cannot know. One that runs
 * already goes on while others are replaced, which is what migrations have to allow for.
 */
final class KnownSchema implements FlywayMigrationStrategy {

    /** @throws CannotStart when the schema is none that this build can bring up to date */
    @Override
    public void migrate(Flyway flyway) {
        Arrays.stream(flyway.info().applied())
                .filter(migration -> isFuture(migration.getState()))
                .map(MigrationInfo::getVersion)
                .filter(Objects::nonNull)
                .max(Comparator.naturalOrder())
                .ifPresent(version -> refuse(version, flyway));
        try {
            flyway.migrate();
        } catch (FlywayValidateException e) {
            throw new CannotStart(
                    "The schema of the database is not one that any build of Cowshed leaves behind: " + e.getMessage(),
                    "Restore the database from a backup, or start the build that made it.",
                    e);
        }
    }

    private static boolean isFuture(MigrationState state) {
        return state == MigrationState.FUTURE_SUCCESS || state == MigrationState.FUTURE_FAILED;
    }

    private static void refuse(MigrationVersion version, Flyway flyway) {
        String known = Arrays.stream(flyway.info().all())
                .filter(migration -> !isFuture(migration.getState()))
                .map(MigrationInfo::getVersion)
                .filter(Objects::nonNull)
                .max(Comparator.naturalOrder())
                .map(MigrationVersion::toString)
                .orElse("none");
        throw new CannotStart(
                "The database has schema version " + version + ", and this build knows versions up to " + known + ".",
                "Start the build that migrated it, or a newer one; or restore the database and the volume from before.",
                null);
    }
}
