package io.cowshed.replicas;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.PostgresqlServer;
import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Replicas of one build are replaced by those of the next, which has one more migration, while clients work with them. As
 * nothing has been released before, the next build is this one with a migration of the test's own.
 */
@Tag("story")
class RollingUpgradeTests {

    private static final int CLIENTS = 6;
    private static final long SEED = Long.getLong("cowshed.seed", 20261128L);

    /** Two operations keep it busy for longer than the test takes, and then it takes on no more. */
    private static final List<String> SLOW = List.of("cowshed.operations.bandwidth=1KiB", "db-scheduler.threads=2");

    private static final String MIGRATION = "9000";

    @Test
    void theNextBuildTakesOverWhileTheLastOneServes(@TempDir Path directory) throws Exception {
        System.out.println("RollingUpgradeTests: -Dcowshed.seed=" + SEED);
        String next = nextBuild(Files.createDirectory(directory.resolve("next")));
        try (PostgresqlServer server = PostgresqlServer.start(directory.resolve("postgresql"));
                TestDatabase database = server.database();
                Replicas replicas = new Replicas(1, SLOW, directory, database)) {
            Random random = new Random(SEED);
            World world = World.on(directory.resolve("volume"), replicas.api(), random);
            ServiceProcess slow = replicas.running().getFirst();
            List<String> underWay = slowCopies(slow.api(), world);

            List<Disk> disks = new ArrayList<>();
            try (Crowd crowd = new Crowd(CLIENTS, world, replicas, random)) {
                replicas.startAnother(next);
                assertThat(isMigrated(database)).isTrue();
                world.awaitAnswers(50);
                world.awaitAnswers(50);
                // One of the last build whose machine is started again meanwhile is not to go on with what it does not
                // know.
                assertThat(replicas.refusal().output())
                        .contains("The database has schema version " + MIGRATION
                                + ", and this build knows versions up to ");
                world.awaitAnswers(50);
                replicas.drain(slow);
                world.awaitAnswers(50);
                disks.addAll(crowd.leave());
            }
            System.out.println("RollingUpgradeTests: " + world.count());
            assertThat(world.surprises()).as("seed %d", SEED).isEmpty();
            assertThat(world.broken).as("tries that nobody answered").hasValue(0);
            for (int i = 0; i < underWay.size(); i++) {
                String operation = underWay.get(i);
                JsonNode ended = succeed(replicas.api().get("operations/" + operation, "Prefer", "wait=60"))
                        .json();
                assertThat(ended.path("state").asString()).as("%s", ended).isEqualTo("succeeded");
                assertThat(ended.path("attempts").asInt())
                        .as("handed over: %s", ended)
                        .isGreaterThan(1);
                String copy = ended.path("result").path("image").asString();
                disks.add(new Disk(copy, "slow-" + i, world.base.content, null, false));
            }
            Verdict verdict = new Verdict(replicas.api(), world, disks);
            verdict.awaitRest();
            verdict.check(database);
        }
    }

    /** A migration as the rules for them allow it: the last build knows nothing of it, and need not. */
    private static String nextBuild(Path migrations) throws Exception {
        Files.writeString(migrations.resolve("V" + MIGRATION + "__next_build.sql"), """
                alter table image add column next_build varchar(16) default 'new' not null;
                create table next_build (id uuid not null, constraint next_build_pk primary key (id));
                create index image_by_next_build on image (next_build, id);
                """);
        return "spring.flyway.locations=classpath:db/migration,classpath:db/vendor/{vendor},filesystem:" + migrations;
    }

    private static boolean isMigrated(TestDatabase database) throws Exception {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery(
                        "select success from flyway_schema_history where version = '" + MIGRATION + "'")) {
            return found.next() && found.getBoolean(1);
        }
    }

    /** Operations that this replica alone has begun, and does not end in the time that it has. */
    private static List<String> slowCopies(ApiClient api, World world) {
        List<String> operations = IntStream.range(0, 2)
                .mapToObj(i -> succeed(api.postJson("images/base/copy", "{\"name\": \"slow-" + i + "\"}"))
                        .json()
                        .path("id")
                        .asString())
                .toList();
        world.operations.addAll(operations);
        operations.forEach(operation -> {
            while (!api.get("operations/" + operation)
                    .json()
                    .path("state")
                    .asString()
                    .equals("running")) {
                Thread.onSpinWait();
            }
        });
        return operations;
    }
}
