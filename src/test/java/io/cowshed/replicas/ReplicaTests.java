package io.cowshed.replicas;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.PostgresqlServer;
import io.cowshed.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Twenty clients work with three replicas while these are killed, stopped and replaced, and the database is restarted. What
 * the clients were told is then true, of the catalogue and of the files. Each thing befalls them once, but for the long pause;
 * {@code -Dcowshed.replicas.minutes=5} goes on for that long, {@code -Dcowshed.seed=…} does other things in another order.
 */
@Tag("story")
class ReplicaTests {

    private static final int REPLICAS = 3;
    private static final int CLIENTS = 20;
    private static final long MINUTES = Long.getLong("cowshed.replicas.minutes", 0);
    private static final long SEED = Long.getLong("cowshed.seed", 20261128L);

    private static final String[] PROPERTIES = {
        "db-scheduler.heartbeat-interval=1s",
        "db-scheduler.polling-interval=200ms",
        "spring.datasource.hikari.connection-timeout=2000"
    };

    @Test
    void whatWasAnsweredIsTrueWhateverBecomesOfTheReplicas(@TempDir Path directory) throws Exception {
        System.out.println("ReplicaTests: -Dcowshed.seed=" + SEED);
        try (PostgresqlServer server = PostgresqlServer.start(directory.resolve("postgresql"));
                TestDatabase database = server.database();
                Replicas replicas = new Replicas(REPLICAS, List.of(), directory, database, PROPERTIES)) {
            Random random = new Random(SEED);
            World world = World.on(directory.resolve("volume"), replicas.api(), random);
            List<Disk> disks;
            try (Crowd crowd = new Crowd(CLIENTS, world, replicas, random)) {
                strike(world, replicas, server, random);
                disks = crowd.leave();
            }
            System.out.println("ReplicaTests: " + world.count());
            assertThat(world.surprises()).as("seed %d", SEED).isEmpty();
            Verdict verdict = new Verdict(replicas.api(), world, disks);
            verdict.awaitRest();
            replicas.startAnother();
            verdict.check(database);
        }
    }

    private static void strike(World world, Replicas replicas, PostgresqlServer server, Random random)
            throws InterruptedException {
        long end = System.nanoTime() + Duration.ofMinutes(MINUTES).toNanos();
        do {
            List<Fault> faults = new ArrayList<>(EnumSet.allOf(Fault.class));
            if (MINUTES == 0) {
                faults.remove(Fault.LONG_PAUSE);
            }
            Collections.shuffle(faults, random);
            for (Fault fault : faults) {
                world.awaitAnswers(50 + random.nextInt(100));
                // One that has just started is to serve, too, before another goes.
                while (replicas.ready() < REPLICAS && !world.isOver()) {
                    world.pass(100);
                }
                if (world.isOver()) {
                    return;
                }
                fault.strike(replicas, server, world, random);
            }
        } while (System.nanoTime() < end);
        world.awaitAnswers(100);
    }
}
