package io.cowshed.replicas;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.Invariants;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;

/** Whether all is as the clients were told, when the load is over and all replicas are up. */
final class Verdict {

    private static final Duration LONGEST = Duration.ofMinutes(3);

    private final ApiClient api;
    private final World world;
    private final List<Disk> disks;

    Verdict(ApiClient api, World world, List<Disk> disks) {
        this.api = api;
        this.world = world;
        this.disks = disks;
    }

    /** Until all that goes on by itself has come to its end. */
    void awaitRest() {
        until(
                "operations end",
                () -> all("operations?state=queued&state=running").isEmpty());
        until(
                "leases and abandoned attachments end, and their images go",
                () -> ids(images()).stream().noneMatch(world.leaving::contains));
        until(
                "abandoned attachments are over",
                () -> world.abandoned.stream()
                        .allMatch(id -> get("attachments/" + id)
                                .path("state")
                                .asString()
                                .equals("lapsed")));
        until("the pool is full", () -> {
            JsonNode pool = get("families/" + World.FAMILY + "/pool");
            return pool.path("ready").asInt() == pool.path("size").asInt();
        });
    }

    /** A replica that has just started has swept up what those that died had begun. */
    void check(TestDatabase database) throws SQLException, IOException {
        checkCounter();
        checkImages();
        checkOperations();
        checkEvents();
        checkAudit();
        Invariants invariants = new Invariants(database, world.volume);
        invariants.check();
        invariants.checkFiles();
        for (Disk disk : disks) {
            QemuIo.run(world.volume.resolve("images").resolve(disk.id + ".qcow2"), "qcow2", disk.reading());
        }
    }

    private void checkCounter() {
        long number = get("images/" + world.counter).path("labels").path("n").asLong();
        assertThat(number)
                .as("no change by If-Match is lost, and none is made twice")
                .isBetween(world.raised.get(), world.raised.get() + world.perhapsRaised.get());
    }

    private void checkImages() {
        Map<String, JsonNode> shown = new HashMap<>();
        images().forEach(image -> shown.put(image.path("id").asString(), image));
        for (Disk disk : disks) {
            JsonNode image = shown.remove(disk.id);
            if (image == null) {
                throw new AssertionError(disk + " was said to be there");
            }
            assertThat(image.path("name").asString()).isEqualTo(disk.name);
            assertThat(image.path("state").asString())
                    .as("%s", image)
                    .isEqualTo(disk.trashed ? "trashed" : "available");
            assertThat(image.path("sealed").asBoolean()).as("%s", image).isEqualTo(disk.sealed);
            assertThat(image.path("parent").path("id").asString(""))
                    .as("the parent of %s", image)
                    .isEqualTo(disk.parent == null ? "" : disk.parent.id);
            assertThat(image.path("operation").isNull()).as("%s", image).isTrue();
            if (disk.sealed) {
                assertThat(image.path("digest").asString()).as("%s", image).isEqualTo(disk.digest());
            }
            if (disk != world.base) {
                assertThat(image.path("children").asInt()).as("%s", image).isEqualTo(disk.children.size());
            }
        }
        shown.remove(get("images/" + world.counter).path("id").asString());
        assertThat(shown.values())
                .as("images that nobody was told of are in the pool")
                .allMatch(image ->
                        image.path("labels").path("cowshed.pool").asString("").equals(World.FAMILY));
    }

    /** Every operation was told to whoever began it, but for removals, whose answers get lost like their Idempotency-Keys. */
    private void checkOperations() {
        Set<String> found = new HashSet<>();
        for (JsonNode operation : all("operations?limit=1000")) {
            String id = operation.path("id").asString();
            found.add(id);
            assertThat(operation.path("finishedAt").isNull())
                    .as("%s", operation)
                    .isFalse();
            assertThat(world.operations.contains(id)
                            || world.removed.contains(
                                    operation.path("image").path("id").asString()))
                    .as("somebody was told of %s", operation)
                    .isTrue();
        }
        assertThat(found).as("operations that somebody was told of").containsAll(world.operations);
    }

    private void checkEvents() {
        List<JsonNode> events = new ArrayList<>(all("events?limit=1000"));
        Collections.reverse(events);
        Set<String> once = new HashSet<>();
        for (int i = 0; i < events.size(); i++) {
            JsonNode event = events.get(i);
            assertThat(event.path("position").asLong()).as("%s", event).isEqualTo(i + 1);
            String type = event.path("type").asString();
            String subject = event.path("subject").path("id").asString();
            switch (type) {
                case "image.created", "image.removed", "operation.finished", "attachment.created", "token.revoked" ->
                    // One that lay ready in a pool is told of again when it is handed over, under the name that it gets
                    // then.
                    assertThat(once.add((type + " " + subject + " "
                                            + event.path("data")
                                                    .path("nameBefore")
                                                    .asString(""))
                                    .strip()))
                            .as("once: %s", event)
                            .isTrue();
                // Its name was used for one call, whose every repetition has the same key.
                case "token.created" ->
                    assertThat(once.add(type + " "
                                    + event.path("subject").path("name").asString()))
                            .as("once: %s", event)
                            .isTrue();
                default -> {
                    // May happen again.
                }
            }
        }
        for (Disk disk : disks) {
            assertThat(once).contains("image.created " + disk.id).doesNotContain("image.removed " + disk.id);
        }
        for (String removed : world.removed) {
            assertThat(once).contains("image.removed " + removed);
        }
    }

    /** Last, since it is one more operation. */
    private void checkAudit() {
        JsonNode audit = VerbChains.succeed(
                        api.postJson("volume/audits", "{\"verifyDigests\": true}", "Prefer", "wait=60"))
                .json();
        assertThat(audit.path("state").asString()).as("%s", audit).isEqualTo("succeeded");
        assertThat(all("volume/audits/" + audit.path("id").asString() + "/findings?limit=1000"))
                .as("what an audit finds")
                .isEmpty();
    }

    private List<JsonNode> images() {
        return all("images?limit=1000&state=creating&state=available&state=trashed&state=error");
    }

    private static Set<String> ids(List<JsonNode> nodes) {
        Set<String> ids = new TreeSet<>();
        nodes.forEach(node -> ids.add(node.path("id").asString()));
        return ids;
    }

    private JsonNode get(String path) {
        return VerbChains.succeed(api.get(path)).json();
    }

    /** All pages of a list. */
    private List<JsonNode> all(String path) {
        List<JsonNode> all = new ArrayList<>();
        String cursor = "";
        do {
            JsonNode page = get(path + cursor);
            page.path("items").forEach(all::add);
            cursor = page.path("nextCursor").isNull()
                    ? ""
                    : "&cursor=" + page.path("nextCursor").asString();
        } while (!cursor.isEmpty());
        return all;
    }

    private static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + LONGEST + ": " + what);
            }
            LockSupport.parkNanos(200_000_000);
        }
    }
}
