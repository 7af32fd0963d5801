package io.cowshed.retention;

import static io.cowshed.testing.Eventually.until;
import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.database.ClockWatch;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.Background;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Disposable images, from their making to their end, on both databases. */
abstract class LifetimeTests extends ServiceTests {

    private static final List<String> TIMES =
            List.of("lease_from", "expires_at", "expiry_warn_at", "expiry_warned_at", "expiry_due_at");

    private VerbChains chains;

    @BeforeAll
    void makeBase() {
        chains = new VerbChains(service);
        chains.base("base");
    }

    @Test
    void aTimeToLiveIsALease() {
        JsonNode image = clone("lease", "PT8H", "");
        assertThat(image.path("lifetime").asString()).isEqualTo("disposable");
        assertThat(image.path("lease").path("onExpire").asString()).isEqualTo("trash");
        Instant made = Instant.parse(image.path("createdAt").asString());
        assertThat(Instant.parse(image.path("expiresAt").asString()))
                .isBetween(made.plus(Duration.ofHours(8)).minusSeconds(5), made.plus(Duration.ofHours(8)));
        assertThat(image.path("lease").path("warnedAt").isNull()).isTrue();
        assertThat(chains.image("base").path("lease").isNull()).isTrue();
    }

    @Test
    void whatHasNoEndCannotHaveOne() {
        requireInvalid(api.postJson("images/base/clones", "{\"name\": \"n\", \"onExpire\": \"delete\"}"));
        requireInvalid(api.postJson("images/base/clones", "{\"name\": \"n\", \"lifetime\": \"disposable\"}"));
        requireInvalid(api.postJson("images/base/clones", "{\"name\": \"n\", \"ttl\": \"P31D\"}"));
        requireInvalid(api.postJson("images/base/clones", "{\"name\": \"n\", \"ttl\": \"PT1H\", \"onExpire\": \"x\"}"));
        requireInvalid(api.postJson(
                "images/base/clones", "{\"name\": \"n\", \"ttl\": \"PT1H\", \"lifetime\": \"persistent\"}"));
        requireInvalid(api.postJson(
                "images/base/clones",
                "{\"namePrefix\": \"n\", \"count\": 2, \"ttl\": \"PT1H\", \"beforeDelete\": {\"copy\": \"c\"}}"));
        requireInvalid(api.postJson(
                "images/base/clones", "{\"name\": \"n\", \"ttl\": \"PT1H\", \"beforeDelete\": {\"copy\": \"a/b\"}}"));
        requireInvalid(api.postJson("images/base/renew", "{\"ttl\": \"PT1H\"}"));
        requireInvalid(api.patch("images/base", "{\"onExpire\": \"delete\"}"));
        assertThat(api.get("images/n").status()).isEqualTo(404);
    }

    @Test
    void theCopyThatIsMadeOfAnImageHasAnotherName() {
        String copied = ", \"ttl\": \"PT1H\", \"beforeDelete\": {\"copy\": \"self\"}}";
        requireInvalid(api.postJson("images/base/clones", "{\"name\": \"self\"" + copied));
        succeed(api.postJson("images/base/clones", "{\"name\": \"renamed\"" + copied));

        requireInvalid(api.patch("images/renamed", "{\"name\": \"self\"}"));
        requireInvalid(api.patch("images/renamed", "{\"beforeDelete\": {\"copy\": \"renamed\"}}"));
        succeed(api.patch("images/renamed", "{\"name\": \"self\", \"beforeDelete\": null}"));
    }

    @Test
    void itIsRenewedUpToItsLongestLife() {
        clone("renewed", "PT1H", "");
        JsonNode image = succeed(api.postJson("images/renewed/renew", "{\"ttl\": \"PT9H\"}"))
                .json();
        Instant end = Instant.parse(image.path("expiresAt").asString());
        assertThat(end).isAfter(Instant.now().plus(Duration.ofHours(8)));
        assertThat(succeed(api.postJson("images/renewed/renew", "{\"ttl\": \"PT2H\"}"))
                        .json()
                        .path("expiresAt")
                        .asString())
                .isEqualTo(image.path("expiresAt").asString());
        assertThat(Instant.parse(succeed(api.postJson("images/renewed/renew", "{\"ttl\": \"PT2H\", \"shorten\": true}"))
                        .json()
                        .path("expiresAt")
                        .asString()))
                .isBefore(end);
        age("renewed", Duration.ofDays(29));
        Answer refused = api.postJson("images/renewed/renew", "{\"ttl\": \"P2D\"}");
        requireInvalid(refused);
        assertThat(refused.json().path("detail").asString()).contains("until");
        succeed(api.postJson("images/renewed/renew", "{\"ttl\": \"PT20H\"}"));
    }

    @Test
    void itIsAnnouncedFirstAndGoesAfterTheGrace() {
        String id = clone("graced", "PT8H", "").path("id").asString();
        age("graced", Duration.ofMinutes(421));
        expire();
        JsonNode warned = chains.image("graced");
        assertThat(warned.path("lease").path("warnedAt").isNull()).isFalse();
        assertThat(succeed(api.get("images?expiring=true")).json().path("items").valueStream())
                .anySatisfy(item -> assertThat(item.path("id").asString()).isEqualTo(id));
        assertThat(succeed(api.get("images?expiring=false&limit=1000"))
                        .json()
                        .path("items")
                        .valueStream())
                .noneSatisfy(item -> assertThat(item.path("id").asString()).isEqualTo(id));
        expire();
        assertThat(chains.image(id).path("state").asString()).isEqualTo("available");
        age("graced", Duration.ofHours(1));
        expire();
        assertThat(chains.image(id).path("state").asString()).isEqualTo("trashed");
    }

    @Test
    void afterATimeWithoutServiceTheAnnouncementStillComesFirst() {
        String id = clone("late", "PT8H", "").path("id").asString();
        age("late", Duration.ofDays(3));
        expire();
        assertThat(chains.image(id).path("state").asString()).isEqualTo("available");
        age("late", Duration.ofHours(1));
        expire();
        assertThat(chains.image(id).path("state").asString()).isEqualTo("trashed");
    }

    @Test
    void itsTimeBeginsWhenItIsThere() throws Exception {
        PipedOutputStream sender = new PipedOutputStream();
        PipedInputStream body = new PipedInputStream(sender, 2 << 20);
        CompletableFuture<Answer> made = Background.run(() -> api.upload(
                "images?name=slow&ttl=PT8H&onExpire=delete",
                "application/octet-stream",
                BodyPublishers.ofInputStream(() -> body)));
        sender.write(new byte[1 << 20]);
        until(() -> api.get("images/slow").status() == 200);
        end("slow");
        assertThat(chains.image("slow").path("lease").path("warnedAt").isNull()).isTrue();
        Instant there = Instant.now();

        sender.close();

        JsonNode image = succeed(made.join()).json();
        assertThat(Instant.parse(image.path("expiresAt").asString()))
                .isAfter(there.plus(Duration.ofHours(8)).minusSeconds(5));
        end("slow");
        assertThat(api.get("images/slow").status()).isEqualTo(404);
    }

    @Test
    void itGoesForGoodWhereThatWasAsked() {
        String id = clone("deleted", "PT8H", ", \"onExpire\": \"delete\"")
                .path("id")
                .asString();
        Path file = chains.file("deleted");
        end("deleted");
        assertThat(api.get("images/" + id).status()).isEqualTo(404);
        assertThat(file).doesNotExist();
    }

    @Test
    void itIsFlaggedWhereThatWasAsked() {
        clone("flagged", "PT8H", ", \"onExpire\": \"keep-and-flag\"");
        end("flagged");
        requireHeld("flagged", "kept");
        succeed(api.patch("images/flagged", "{\"onExpire\": \"trash\"}"));
        String id = chains.id("flagged");
        expire();
        assertThat(chains.image(id).path("state").asString()).isEqualTo("trashed");
    }

    @Test
    void whatIsKeptStays() {
        clone("kept", "PT8H", ", \"onExpire\": \"delete\"");
        warn("kept");
        JsonNode kept = succeed(api.post("images/kept/keep")).json();
        assertThat(kept.path("lifetime").asString()).isEqualTo("persistent");
        assertThat(kept.path("expiresAt").isNull()).isTrue();
        expire();
        assertThat(chains.image("kept").path("state").asString()).isEqualTo("available");
        assertThat(succeed(api.post("images/kept/keep")).json()).isEqualTo(chains.image("kept"));
        succeed(api.postJson("images/kept/keep", "{\"seal\": true}", "Prefer", "wait=30"));
        succeed(api.postJson("images/kept/clones", "{\"name\": \"of-kept\"}"));
    }

    @Test
    void aGuestKeepsItsDisk() throws Exception {
        clone("guest", "PT8H", ", \"onExpire\": \"delete\"");
        String id = chains.id("guest");
        warn("guest");
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("guest"), "qcow2")) {
            age("guest", Duration.ofDays(2));
            expire();
            requireHeld("guest", "in-use");
            guest.command("write -P 1 0 64k", ".*ops.*");
        }
        expire();
        assertThat(chains.image("guest").path("state").asString()).isEqualTo("available");
        age("guest", Duration.ofMinutes(2));
        expire();
        assertThat(api.get("images/" + id).status()).isEqualTo(404);
    }

    /** Whose holder is not heard of any more, besides. */
    @Test
    void aQemuThatRunsKeepsItsDiskUntilItExits() throws Exception {
        clone("run", "PT8H", ", \"onExpire\": \"delete\"");
        String id = chains.id("run");
        JsonNode attachment = succeed(api.postJson("images/run/attachments", "{\"holder\": \"vm-3\"}"))
                .json();
        Process qemu = new ProcessBuilder(
                        "sh",
                        "-c",
                        "exec qemu-system-x86_64 -machine q35 -m 64 -S -display none -nodefaults -monitor stdio "
                                + attachment.path("drive").asString())
                .redirectErrorStream(true)
                .start();
        try (BufferedWriter monitor = qemu.outputWriter()) {
            monitor.write("info block\n");
            monitor.flush();
            BufferedReader output = qemu.inputReader();
            String shown;
            do {
                shown = output.readLine();
            } while (!shown.contains("(qcow2)"));
            warn("run");
            age("run", Duration.ofDays(1));
            expire();
            requireHeld("run", "in-use");
            try (Connection connection = database.connect();
                    PreparedStatement update = connection.prepareStatement(
                            "update attachment set expires_at = created_at, due_at = created_at where id = ?")) {
                update.setObject(1, UUID.fromString(attachment.path("id").asString()));
                assertThat(update.executeUpdate()).isEqualTo(1);
            }
            age("run", Duration.ofMinutes(2));
            expire();
            requireHeld("run", "in-use");
            monitor.write("quit\n");
        } finally {
            assertThat(qemu.waitFor()).isZero();
        }
        age("run", Duration.ofMinutes(3));
        expire();
        assertThat(api.get("images/" + id).status()).isEqualTo(404);
        assertThat(succeed(api.get("attachments/" + attachment.path("id").asString()))
                        .json()
                        .path("state")
                        .asString())
                .isEqualTo("lapsed");
    }

    @Test
    void whoHasItAttachedKeepsIt() {
        clone("attached", "PT8H", ", \"onExpire\": \"delete\"");
        String id = chains.id("attached");
        String attachment = succeed(api.postJson("images/attached/attachments", "{\"holder\": \"vm-1\"}"))
                .json()
                .path("id")
                .asString();
        end("attached");
        requireHeld("attached", "attached");
        succeed(api.delete("attachments/" + attachment));
        assertThat(told(attachment))
                .containsExactly("attachment.detached first-admin", "attachment.created first-admin");
        age("attached", Duration.ofMinutes(2));
        expire();
        assertThat(api.get("images/" + id).status()).isEqualTo(404);
    }

    @Test
    void eachStepIsTold() {
        clone("told", "PT8H", "");
        String id = chains.id("told");
        succeed(api.patch("images/told", "{\"protected\": true}"));
        end("told");
        age("told", Duration.ofMinutes(2));
        expire();
        succeed(api.patch("images/told", "{\"protected\": false}"));
        expire();
        succeed(api.post("images/" + id + "/restore"));
        succeed(api.postJson("images/told/renew", "{\"ttl\": \"PT10H\"}"));
        succeed(api.post("images/told/keep"));

        assertThat(told(id))
                .containsExactly(
                        "image.kept first-admin",
                        "image.renewed first-admin",
                        "image.restored first-admin",
                        "image.trashed expiry",
                        "image.changed first-admin",
                        "image.expiry-held expiry",
                        "image.expiring expiry",
                        "image.changed first-admin",
                        "image.created first-admin");
    }

    private List<String> told(String subject) {
        return succeed(api.get("events?subject=" + subject))
                .json()
                .path("items")
                .valueStream()
                .map(event -> event.path("type").asString() + " "
                        + event.path("principal").asString())
                .toList();
    }

    @Test
    void protectionKeepsItUntilItIsTakenAway() {
        clone("protected", "PT8H", "");
        succeed(api.patch("images/protected", "{\"protected\": true}"));
        end("protected");
        requireHeld("protected", "protected");
        String id = chains.id("protected");
        succeed(api.patch("images/protected", "{\"protected\": false}"));
        expire();
        assertThat(chains.image(id).path("state").asString()).isEqualTo("trashed");
    }

    @Test
    void aParentGoesWithTheLastOfItsChildren() {
        clone("parent", "PT8H", "");
        succeed(api.post("images/parent/seal", "Prefer", "wait=30"));
        succeed(api.postJson("images/parent/clones", "{\"name\": \"child\"}"));
        String id = chains.id("parent");
        end("parent");
        requireHeld("parent", "children");
        assertThat(api.postJson("images/parent/clones", "{\"name\": \"other\"}").problem())
                .isEqualTo("image-leaves");
        succeed(api.delete("images/child?purge=true"));
        assertThat(chains.image(id).path("state").asString()).isEqualTo("trashed");
    }

    @Test
    void aParentThatIsRestoredBeforeItHasLeftHasTimeAgain() {
        clone("returns", "PT8H", "");
        succeed(api.post("images/returns/seal", "Prefer", "wait=30"));
        succeed(api.postJson("images/returns/clones", "{\"name\": \"returns-1\"}"));
        end("returns");
        requireHeld("returns", "children");

        JsonNode restored = succeed(api.post("images/returns/restore")).json();

        assertThat(Instant.parse(restored.path("expiresAt").asString()))
                .isAfter(Instant.now().plus(Duration.ofHours(7)));
        age("returns", Duration.ofMinutes(11));
        expire();
        succeed(api.postJson("images/returns/clones", "{\"name\": \"returns-2\"}"));
    }

    @Test
    void itIsCopiedFirstWhereThatWasAsked() throws Exception {
        clone("copied", "PT8H", ", \"onExpire\": \"delete\", \"beforeDelete\": {\"copy\": \"the-copy\"}");
        succeed(api.patch("images/copied", "{\"labels\": {\"team\": \"net\"}}"));
        chains.write("copied", "write -P 77 0 64k");
        byte[] content = chains.content("copied");
        String id = chains.id("copied");
        end("copied");
        while (api.get("images/" + id).status() != 404) {
            age("copied", Duration.ofSeconds(16));
            expire();
        }
        assertThat(chains.content("the-copy")).isEqualTo(content);
        JsonNode copy = chains.image("the-copy");
        assertThat(copy.path("lifetime").asString()).isEqualTo("persistent");
        assertThat(copy.path("parent").isNull()).isTrue();
        assertThat(copy.path("labels").path("team").asString()).isEqualTo("net");
    }

    @Test
    void itIsCopiedWhenItGoesAndNotWhileSomethingKeepsIt() throws Exception {
        clone("later", "PT8H", ", \"onExpire\": \"delete\", \"beforeDelete\": {\"copy\": \"later-copy\"}");
        String id = chains.id("later");
        succeed(api.patch("images/later", "{\"protected\": true}"));
        end("later");
        for (int i = 0; i < 3; i++) {
            age("later", Duration.ofMinutes(11));
            expire();
        }
        requireHeld("later", "protected");
        assertThat(api.get("images/later-copy").status()).isEqualTo(404);

        chains.write("later", "write -P 79 0 64k");
        succeed(api.patch("images/later", "{\"protected\": false}"));

        while (api.get("images/" + id).status() != 404) {
            age(id, Duration.ofSeconds(16));
            expire();
            assertThat(api.get("images/later-copy").status()).isEqualTo(200);
        }
        assertThat(chains.content("later-copy")[0]).isEqualTo((byte) 79);
    }

    @Test
    void itStaysWhileItCannotBeCopied() throws Exception {
        clone("uncopied", "PT8H", ", \"beforeDelete\": {\"copy\": \"base\"}");
        end("uncopied");
        requireHeld("uncopied", "copy-failed");
        succeed(api.patch("images/uncopied", "{\"beforeDelete\": {\"copy\": \"uncopied-copy\"}}"));
        expire();
        requireHeld("uncopied", "copying");
        awaitCopy("uncopied-copy");
        chains.write("uncopied", "write -P 78 0 64k");
        age("uncopied", Duration.ofSeconds(16));
        expire();
        requireHeld("uncopied", "copy-failed");
        assertThat(chains.image("uncopied").path("lease").path("detail").asString())
                .contains("written to after it had been copied");
        succeed(api.delete("images/uncopied-copy"));
        String id = chains.id("uncopied");
        while (chains.image(id).path("state").asString().equals("available")) {
            age(id, Duration.ofMinutes(11));
            expire();
        }
        assertThat(chains.content("uncopied-copy")[0]).isEqualTo((byte) 78);
        succeed(api.patch("images/base", "{\"description\": \"still here\"}"));
    }

    @Test
    void theLastDetachmentLeavesWhatIsToBeCopiedToItsExpiry() {
        clone("left", "PT8H", ", \"beforeDelete\": {\"copy\": \"left-copy\"}");
        String attachment = succeed(
                        api.postJson("images/left/attachments", "{\"holder\": \"vm-2\", \"onDetach\": \"delete\"}"))
                .json()
                .path("id")
                .asString();
        String id = chains.id("left");
        JsonNode ended = succeed(api.delete("attachments/" + attachment)).json();
        assertThat(ended.path("outcome").asString()).isEqualTo("leaving");
        while (api.get("images/" + id).status() != 404) {
            expire();
            age(id, Duration.ofSeconds(16));
        }
        assertThat(chains.image("left-copy").path("state").asString()).isEqualTo("available");
    }

    @Test
    void whatWasAttachedLongerThanAnyImageMayLiveIsCopiedAndGoes() {
        clone("longest", "PT8H", ", \"onExpire\": \"delete\", \"beforeDelete\": {\"copy\": \"longest-copy\"}");
        String attachment = succeed(
                        api.postJson("images/longest/attachments", "{\"holder\": \"vm-3\", \"onDetach\": \"delete\"}"))
                .json()
                .path("id")
                .asString();
        String id = chains.id("longest");
        end("longest");
        requireHeld("longest", "attached");
        age("longest", Duration.ofDays(31));

        JsonNode ended = succeed(api.delete("attachments/" + attachment)).json();

        assertThat(ended.path("outcome").asString()).isEqualTo("leaving");
        while (api.get("images/" + id).status() != 404) {
            expire();
            age(id, Duration.ofMinutes(11));
        }
        assertThat(chains.image("longest-copy").path("state").asString()).isEqualTo("available");
    }

    @Test
    void aParentThatIsRenewedStaysWhenTheLastOfItsChildrenGoes() {
        clone("stays", "PT8H", "");
        succeed(api.post("images/stays/seal", "Prefer", "wait=30"));
        succeed(api.postJson("images/stays/clones", "{\"name\": \"stays-1\"}"));
        end("stays");
        requireHeld("stays", "children");

        succeed(api.postJson("images/stays/renew", "{\"ttl\": \"PT8H\"}"));

        assertThat(chains.image("stays").path("removeWhenChildless").asBoolean())
                .isFalse();
        succeed(api.postJson("images/stays/clones", "{\"name\": \"stays-2\"}"));
        succeed(api.delete("images/stays-1?purge=true"));
        succeed(api.delete("images/stays-2?purge=true"));
        assertThat(chains.image("stays").path("state").asString()).isEqualTo("available");
    }

    @Test
    void whatComesBackFromTheTrashHasTimeAgain() {
        clone("back", "PT8H", "");
        String id = chains.id("back");
        end("back");
        JsonNode back = succeed(api.post("images/" + id + "/restore")).json();
        assertThat(Instant.parse(back.path("expiresAt").asString()))
                .isAfter(Instant.now().plus(Duration.ofHours(7)));
        expire();
        assertThat(chains.image("back").path("state").asString()).isEqualTo("available");
        end("back");
        JsonNode again = succeed(api.postJson("images/" + id + "/restore", "{\"ttl\": \"PT1H\"}"))
                .json();
        assertThat(Instant.parse(again.path("expiresAt").asString()))
                .isBetween(Instant.now(), Instant.now().plus(Duration.ofHours(1)));
    }

    @Test
    void anEndInThePastIsNow() {
        clone("now", "PT8H", "");
        String id = chains.id("now");
        succeed(api.patch("images/now", "{\"expiresAt\": \"2026-01-01T00:00:00Z\"}"));
        expire();
        assertThat(chains.image(id).path("state").asString()).isEqualTo("trashed");
    }

    /** For a reason that only the schema knows, so that all fail that are let go with it. */
    @Test
    void oneThatFailsKeepsNoneOfTheOthers() throws Exception {
        String seed = ", \"seed\": {\"userData\": \"#cloud-config\"}";
        Map<String, String> wishes = new LinkedHashMap<>();
        wishes.put("first", ", \"onExpire\": \"delete\"");
        wishes.put("bad", ", \"onExpire\": \"delete\"");
        wishes.put("seeded", ", \"onExpire\": \"delete\"" + seed);
        wishes.put("binned", "");
        wishes.put("last", ", \"onExpire\": \"delete\"");
        Map<String, String> ids = new LinkedHashMap<>();
        wishes.forEach((name, wish) ->
                ids.put(name, clone(name, "PT8H", wish).path("id").asString()));
        for (String name : wishes.keySet()) {
            age(name, Duration.ofMinutes(421));
        }
        expire();
        for (String name : wishes.keySet()) {
            age(name, Duration.ofHours(1));
        }
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("create table test_hold (image_id uuid not null references image (id))");
            statement.execute("insert into test_hold values ('" + ids.get("bad") + "')");

            expire();

            for (String gone : List.of("first", "seeded", "last")) {
                assertThat(api.get("images/" + ids.get(gone)).status()).isEqualTo(404);
                assertThat(files(id(ids, gone))).isEmpty();
            }
            assertThat(chains.image(id(ids, "binned")).path("state").asString()).isEqualTo("trashed");
            assertThat(chains.image("bad").path("state").asString()).isEqualTo("available");
            assertThat(files(id(ids, "bad"))).containsExactly(ids.get("bad") + ".qcow2");
            assertThat(told(id(ids, "last")))
                    .containsExactly("image.removed expiry", "image.expiring expiry", "image.created first-admin");
            statement.execute("drop table test_hold");
        }
    }

    /** The names that files of an image have anywhere on the volume. */
    private static String id(Map<String, String> ids, String name) {
        return Objects.requireNonNull(ids.get(name));
    }

    private List<String> files(String id) throws IOException {
        try (Stream<Path> all = Files.walk(service.volume())) {
            return all.map(file -> file.getFileName().toString())
                    .filter(name -> name.contains(id))
                    .toList();
        }
    }

    @Test
    void twoReplicasLetEachGoOnce() throws Exception {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            ids.add(clone("both" + i, "PT8H", ", \"onExpire\": \"delete\"")
                    .path("id")
                    .asString());
            warn("both" + i);
            age("both" + i, Duration.ofDays(1));
        }
        // As another replica would have it: it shares nothing with the first but the database and the volume.
        Expiry other = new Expiry(
                service.bean(io.cowshed.catalog.Leases.class),
                service.bean(PlainSteps.class),
                service.bean(LastSteps.class),
                service.bean(ClockWatch.class),
                service.bean(Turns.class));
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            List<Future<?>> runs = List.of(threads.submit(this::expire), threads.submit(other::run));
            for (Future<?> run : runs) {
                run.get();
            }
        }
        for (String id : ids) {
            assertThat(api.get("images/" + id).status()).isEqualTo(404);
        }
    }

    private JsonNode clone(String name, String ttl, String more) {
        return succeed(api.postJson(
                        "images/base/clones", "{\"name\": \"" + name + "\", \"ttl\": \"" + ttl + "\"" + more + "}"))
                .json();
    }

    private void awaitCopy(String name) {
        until(() -> chains.image(name).path("state").asString().equals("available"));
    }

    private void requireHeld(String name, String by) {
        JsonNode lease = chains.image(name).path("lease");
        assertThat(lease.path("heldBy").asString()).as("%s", lease).isEqualTo(by);
        assertThat(lease.path("detail").asString()).isNotEmpty();
    }

    private static void requireInvalid(Answer answer) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(400);
    }

    /** Lets eight hours pass, with a look in between. */
    private void end(String name) {
        warn(name);
        age(name, Duration.ofHours(1));
        expire();
    }

    private void warn(String name) {
        age(name, Duration.ofMinutes(421));
        expire();
    }

    private void expire() {
        service.bean(Expiry.class).run();
    }

    /** Has the image be that much older. */
    private void age(String ref, Duration age) {
        Answer found = api.get("images/" + ref);
        if (found.status() == 404) {
            return;
        }
        UUID id = UUID.fromString(found.json().path("id").asString());
        try (Connection connection = database.connect();
                PreparedStatement select = connection.prepareStatement(
                        "select " + String.join(", ", TIMES) + " from image where id = ?")) {
            select.setObject(1, id);
            try (ResultSet row = select.executeQuery()) {
                assertThat(row.next()).isTrue();
                for (String time : TIMES) {
                    OffsetDateTime was = row.getObject(time, OffsetDateTime.class);
                    if (was != null) {
                        set(connection, id, time, was.minus(age));
                    }
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void set(Connection connection, UUID id, String column, OffsetDateTime value) throws SQLException {
        try (PreparedStatement update =
                connection.prepareStatement("update image set " + column + " = ? where id = ?")) {
            update.setObject(1, value);
            update.setObject(2, id);
            assertThat(update.executeUpdate()).isEqualTo(1);
        }
    }
}

class H2LifetimeTests extends LifetimeTests {}

class PostgresqlLifetimeTests extends LifetimeTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
