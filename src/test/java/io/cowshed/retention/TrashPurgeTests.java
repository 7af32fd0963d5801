package io.cowshed.retention;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What has been in the trash for seven days goes, on both databases. */
abstract class TrashPurgeTests extends ServiceTests {

    private static final Duration LONG = Duration.ofDays(8);

    private VerbChains chains;

    @BeforeAll
    void makeChains() {
        chains = new VerbChains(service);
    }

    @Test
    void whatIsThereLongEnoughIsPurged() throws Exception {
        chains.base("p0");
        chains.clone("p1", "p0");
        chains.clone("p2", "p0");
        String old = chains.id("p1");
        String young = chains.id("p2");
        Path file = chains.file("p1");
        succeed(api.delete("images/p1"));
        succeed(api.delete("images/p2"));
        age(old, LONG);

        purge();

        assertThat(api.get("images/" + old).status()).isEqualTo(404);
        assertThat(file).doesNotExist();
        assertThat(chains.image(young).path("state").asString()).isEqualTo("trashed");
        assertThat(chains.image("p0").path("children").asInt()).isEqualTo(1);
    }

    @Test
    void whatIsInUseWaitsAndKeepsNobodyElseWaiting() throws Exception {
        chains.base("u0");
        chains.base("u1");
        String used = chains.id("u0");
        String other = chains.id("u1");
        succeed(api.delete("images/u0"));
        succeed(api.delete("images/u1"));
        age(used, LONG.plusDays(1));
        age(other, LONG);
        try (LiveQemuIo guest = LiveQemuIo.reading(chains.file(used), "qcow2")) {
            purge();
            guest.command("read 0 64k", ".*ops.*");
        }
        assertThat(chains.image(used).path("state").asString()).isEqualTo("trashed");
        assertThat(api.get("images/" + other).status()).isEqualTo(404);

        purge();

        assertThat(api.get("images/" + used).status()).isEqualTo(404);
    }

    @Test
    void whatCannotBePurgedKeepsNobodyElseWaiting() throws Exception {
        chains.base("d0");
        chains.base("d1");
        String damaged = chains.id("d0");
        String other = chains.id("d1");
        Path file = chains.file("d0");
        succeed(api.delete("images/d0"));
        succeed(api.delete("images/d1"));
        age(damaged, LONG.plusDays(1));
        age(other, LONG);
        Files.delete(file);
        Files.createDirectory(file);

        purge();

        assertThat(chains.image(damaged).path("state").asString()).isEqualTo("trashed");
        assertThat(api.get("images/" + other).status()).isEqualTo(404);
        Files.delete(file);
        purge();
        assertThat(api.get("images/" + damaged).status()).isEqualTo(404);
    }

    @Test
    void twoPurgesAtOnceHinderEachOtherForAMomentAtMost() throws Exception {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            chains.blankBase("t" + i, 1 << 20);
            ids.add(chains.id("t" + i));
            succeed(api.delete("images/t" + i));
            age(ids.getLast(), LONG);
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            List<Future<?>> purges = List.of(threads.submit(this::purge), threads.submit(this::purge));
            for (Future<?> purge : purges) {
                purge.get();
            }
        }
        purge();

        for (String id : ids) {
            assertThat(api.get("images/" + id).status()).isEqualTo(404);
            assertThat(service.volume().resolve("images/" + id + ".qcow2")).doesNotExist();
        }
    }

    @Test
    void aParentWhoseChildrenAreAllPurgedGoesToTheTrashAndThenForGood() throws Exception {
        chains.base("c0");
        chains.clone("c1", "c0");
        String parent = chains.id("c0");
        String child = chains.id("c1");
        succeed(api.delete("images/c1"));
        succeed(api.delete("images/c0?whenChildless=true"));
        age(child, LONG);

        purge();

        assertThat(api.get("images/" + child).status()).isEqualTo(404);
        assertThat(chains.image(parent).path("state").asString()).isEqualTo("trashed");
        age(parent, LONG);
        purge();
        assertThat(api.get("images/" + parent).status()).isEqualTo(404);
        JsonNode removed = api.get("events?type=image.removed&subject=" + parent)
                .json()
                .path("items")
                .get(0);
        assertThat(removed.path("principal").asString()).isEqualTo("cowshed");
    }

    private void purge() {
        service.bean(TrashPurge.class).run();
    }

    private void age(String id, Duration age) throws SQLException {
        try (Connection connection = database.connect();
                PreparedStatement update =
                        connection.prepareStatement("update image set trashed_at = ? where id = ?")) {
            update.setObject(1, Instant.now().minus(age).atOffset(ZoneOffset.UTC));
            update.setObject(2, UUID.fromString(id));
            assertThat(update.executeUpdate()).isEqualTo(1);
        }
    }
}

class H2TrashPurgeTests extends TrashPurgeTests {}

class PostgresqlTrashPurgeTests extends TrashPurgeTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
