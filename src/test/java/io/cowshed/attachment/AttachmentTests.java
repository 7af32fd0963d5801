package io.cowshed.attachment;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.Deregistration;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.ImageChanged;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Leases;
import io.cowshed.catalog.Lineages;
import io.cowshed.catalog.Trash;
import io.cowshed.database.Distrust;
import io.cowshed.database.Transactions;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import io.cowshed.volume.Volume;
import java.io.BufferedReader;
import java.io.Writer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Attachments over HTTP, with qemu-io as the guest that has a file open; on both databases. */
abstract class AttachmentTests extends ServiceTests {

    private static final String WAIT = "wait=30";
    private static final String OPS = ".*ops.*";

    private VerbChains chains;

    @SuppressWarnings("NullAway.Init") // before the first test
    AttachmentTests() {}

    @BeforeAll
    void makeChains() {
        chains = new VerbChains(service);
    }

    @AfterAll
    void countsAreThoseOfTheRows() throws Exception {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select count(*) from image i where attachment_count <> (select count(*) from attachment a"
                                + " where a.held_image_id = i.id and a.state = 'active')")) {
            rows.next();
            assertThat(rows.getLong(1)).isZero();
        }
    }

    @Test
    void aHolderIsToldHowToOpenTheDisk() {
        chains.base("s0");
        chains.clone("s1", "s0");

        Answer answer = api.postJson(
                "images/s1/attachments", "{\"holder\": \"vm-1\", \"mount\": \"/mnt/cows/\", \"ttl\": \"PT1H\"}");

        assertThat(answer.status()).as("%s", answer).isEqualTo(201);
        JsonNode attachment = answer.json();
        String id = attachment.path("id").asString();
        assertThat(answer.header("Location")).isEqualTo("/api/v1/attachments/" + id);
        assertThat(attachment.path("image").path("name").asString()).isEqualTo("s1");
        assertThat(attachment.path("access").asString()).isEqualTo("rw");
        assertThat(attachment.path("onDetach").asString()).isEqualTo("keep");
        assertThat(attachment.path("state").asString()).isEqualTo("active");
        assertThat(attachment.path("qemu").asString()).isEqualTo("none");
        assertThat(Duration.between(time(attachment, "heartbeatAt"), time(attachment, "expiresAt")))
                .isEqualTo(Duration.ofHours(1));
        String path = "/mnt/cows/images/" + chains.id("s1") + ".qcow2";
        assertThat(attachment.path("path").asString()).isEqualTo(path);
        assertThat(attachment.path("drive").asString()).startsWith("-drive 'file=" + path + ",format=qcow2");
        assertThat(attachment.path("blockdev").get(0).asString()).isEqualTo("-blockdev");
        assertThat(attachment.path("libvirt").asString()).contains("<source file='" + path + "'/>");
        assertThat(attachment
                        .path("chain")
                        .valueStream()
                        .map(link -> link.path("path").asString()))
                .containsExactly(path, "/mnt/cows/images/" + chains.id("s0") + ".qcow2");
        assertThat(api.get("attachments/" + id).json()).isEqualTo(attachment);
        assertThat(api.get("images/s1/attachments").json().path("items").get(0)).isEqualTo(attachment);
        assertThat(chains.image("s1").path("attachments").asInt()).isEqualTo(1);

        JsonNode base = attach("s0", "vm-2", "");
        assertThat(base.path("access").asString()).isEqualTo("ro");
        assertThat(base.path("path").asString())
                .isEqualTo(service.volume().toAbsolutePath() + "/images/" + chains.id("s0") + ".qcow2");
        Answer refused = api.postJson("images/s0/attachments", "{\"holder\": \"vm-3\", \"access\": \"rw\"}");
        assertThat(refused.problem()).isEqualTo("image-sealed");
        assertThat(refused.json().path("action").asString()).contains("/clones");
    }

    @Test
    void oneMayWriteOrManyMayRead() {
        chains.base("m0");
        chains.clone("m1", "m0");
        for (int i = 0; i < 3; i++) {
            attach("m0", "reader-" + i, "");
            attach("m1", "reader-" + i, ", \"access\": \"ro\"");
        }
        assertThat(chains.image("m0").path("attachments").asInt()).isEqualTo(3);
        Answer refused = api.postJson("images/m1/attachments", "{\"holder\": \"writer\"}");
        assertAttached(refused, "reader-0");

        api.get("images/m1/attachments")
                .json()
                .path("items")
                .forEach(item -> detach(item.path("id").asString()));
        attach("m1", "writer", "");
        for (String access : List.of("ro", "rw")) {
            refused = api.postJson("images/m1/attachments", "{\"holder\": \"other\", \"access\": \"" + access + "\"}");
            assertAttached(refused, "writer");
        }
        assertAttached(api.postJson("images/m1/attachments", "{\"holder\": \"writer\", \"access\": \"ro\"}"), "writer");
    }

    @Test
    void aHolderWhoAttachesAgainGetsWhatHeHas() {
        chains.base("i0");
        JsonNode first = attach("i0", "host", "");

        Answer again =
                api.postJson("images/i0/attachments", "{\"holder\": \"host\", \"ttl\": \"PT2H\", \"mount\": \"/m\"}");

        assertThat(again.status()).as("%s", again).isEqualTo(200);
        assertThat(again.json().path("id")).isEqualTo(first.path("id"));
        assertThat(again.json().path("createdAt")).isEqualTo(first.path("createdAt"));
        assertThat(time(again.json(), "expiresAt")).isAfter(time(first, "expiresAt"));
        assertThat(again.json().path("path").asString()).startsWith("/m/images/");
        assertThat(chains.image("i0").path("attachments").asInt()).isEqualTo(1);
    }

    @Test
    void whatIsAttachedIsNotChanged() throws Exception {
        chains.base("n0");
        chains.sealedCopyOf("n00", "n0");
        chains.clone("n1", "n0");
        String id = attach("n1", "vm", "").path("id").asString();
        byte[] before = chains.content("n1");
        List<Call> calls = new ArrayList<>(changes("n1", "n00"));
        calls.add(new Call("copy", "{\"name\": \"n2\"}"));
        calls.add(new Call("check", "{\"repair\": \"none\"}"));

        for (Call call : calls) {
            Answer refused = call(call, "n1");
            assertAttached(refused, "vm");
            assertThat(refused.json().path("action").asString()).contains("DELETE /api/v1/attachments/" + id);
        }
        for (String how : List.of("", "?purge=true", "?children=split")) {
            assertAttached(api.delete("images/n1" + how), "vm");
        }
        // A QEMU could not start while it is read.
        assertAttached(api.get("images/n1/content"), "vm");
        assertAttached(api.get("images/n1/extents"), "vm");
        assertThat(obstacles("images/n1?dryRun=true")).contains("urn:cowshed:problem:image-attached");
        assertAttached(api.delete("images/n0?children=split"), "vm");
        assertThat(obstacles("images/n0?dryRun=true&children=split")).contains("urn:cowshed:problem:image-attached");
        assertThat(chains.content("n1")).isEqualTo(before);
        assertThat(api.patch("images/n1", "{\"description\": \"in use\"}").status())
                .isEqualTo(200);

        detach(id);
        for (Call call : calls.subList(0, calls.size() - 2)) {
            if (!call.verb().equals("seal") && !call.verb().equals("unseal")) {
                succeed(call(call, "n1"));
            }
        }
        assertThat(api.delete("images/n1").status()).isEqualTo(204);
    }

    @Test
    void whatIsReadIsNotChangedEither() throws Exception {
        chains.base("e0");
        chains.sealedCopyOf("e00", "e0");
        chains.clone("e1", "e0");
        attach("e1", "reader", ", \"access\": \"ro\"");
        for (Call call : changes("e1", "e00")) {
            assertAttached(call(call, "e1"), "reader");
        }
        assertAttached(api.delete("images/e1"), "reader");
        succeed(api.postJson("images/e1/copy", "{\"name\": \"e2\"}", "Prefer", WAIT));
        succeed(api.postJson("images/e1/check", "{}", "Prefer", WAIT));
        succeed(api.get("images/e1/content"));
    }

    @Test
    void aSealedImageIsRewrittenUnderItsReaders() throws Exception {
        chains.base("r0");
        chains.sealedClone("r1", "r0");
        chains.sealedClone("r2", "r1");
        attach("r2", "reader", "");
        byte[] before = chains.content("r2");
        try (LiveQemuIo guest = LiveQemuIo.reading(chains.file("r2"), "qcow2")) {
            for (Call call : List.of(new Call("redirect", ""), new Call("sparsify", ""), new Call("split", ""))) {
                Answer answer = call(call, "r2");
                assertThat(answer.json().path("state").asString())
                        .as("%s", answer)
                        .isEqualTo("succeeded");
            }
            guest.command("read 0 64k", OPS);
        }
        assertThat(chains.parent("r2")).isEmpty();
        assertThat(chains.content("r2")).isEqualTo(before);
        assertAttached(api.post("images/r2/unseal"), "reader");
        assertAttached(api.delete("images/r2"), "reader");
        assertAttached(api.delete("images/r2?purge=true"), "reader");
        assertAttached(api.delete("images/r2?children=split"), "reader");
        chains.clone("r3", "r2");
    }

    @Test
    void aParentThatIsReadLeavesOnlyWhenItIsGivenBack() {
        chains.base("w0");
        chains.clone("w1", "w0");
        String parent = chains.id("w0");
        String id = attach("w0", "reader", "").path("id").asString();
        succeed(api.delete("images/w0?whenChildless=true"));
        succeed(api.delete("images/w1?purge=true"));
        assertThat(chains.image("w0").path("state").asString()).isEqualTo("available");
        assertAttached(api.delete("images/w0?whenChildless=true"), "reader");

        detach(id);

        succeed(api.delete("images/w0?whenChildless=true"));
        assertThat(chains.image(parent).path("state").asString()).isEqualTo("trashed");
    }

    @Test
    void whoIsNotHeardOfKeepsTheDiskWhileHisGuestRuns() throws Exception {
        chains.base("q0");
        chains.clone("q1", "q0");
        String id = attach("q1", "vm", "").path("id").asString();
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("q1"), "qcow2")) {
            expire(id);
            assertThat(show(id).path("state").asString()).isEqualTo("stale");
            assertThat(show(id).path("qemu").asString()).isEqualTo("writer");
            sweep();
            assertThat(show(id).path("state").asString()).isEqualTo("stale");
            assertAttached(api.post("images/q1/seal"), "vm");
            assertAttached(api.postJson("images/q1/attachments", "{\"holder\": \"other\"}"), "vm");
            assertThat(ids("attachments?state=stale")).contains(id);
            assertThat(ids("attachments?state=active")).doesNotContain(id);
            guest.command("write -P 7 0 64k", OPS);
        }
        assertThat(show(id).path("qemu").asString()).isEqualTo("none");

        sweep();

        JsonNode lapsed = show(id);
        assertThat(lapsed.path("state").asString()).isEqualTo("lapsed");
        assertThat(lapsed.path("outcome").asString()).isEqualTo("kept");
        assertThat(lapsed.path("drift").isNull()).isTrue();
        assertThat(lapsed.path("endedBy").isNull()).isTrue();
        assertThat(lapsed.path("path").isNull()).isTrue();
        assertThat(chains.image("q1").path("attachments").asInt()).isZero();
        assertThat(api.postJson("attachments/" + id + "/heartbeat", "{}").problem())
                .isEqualTo("attachment-ended");
    }

    @Test
    void whatIsStaleAndIdleIsInNobodysWay() throws Exception {
        chains.base("t0");
        chains.clone("t1", "t0");
        expire(attach("t1", "first", "").path("id").asString());
        String second = attach("t1", "second", "").path("id").asString();
        expire(second);
        succeed(api.postJson("images/t1/snapshot", "{\"name\": \"t2\"}", "Prefer", WAIT));
        assertThat(show(second).path("state").asString()).isEqualTo("lapsed");

        expire(attach("t1", "third", "").path("id").asString());
        succeed(api.post("images/t1/seal"));
        expire(attach("t1", "fourth", "").path("id").asString());
        succeed(api.post("images/t1/unseal"));
        expire(attach("t1", "fifth", "").path("id").asString());
        succeed(api.post("images/t1/split", "Prefer", WAIT));
        expire(attach("t1", "sixth", "").path("id").asString());
        assertThat(api.delete("images/t1").status()).isEqualTo(204);
    }

    @Test
    void nothingLapsesByAClockThatCannotBeTrusted() throws Exception {
        chains.base("jump");
        succeed(api.postJson("images/jump/clones", "{\"name\": \"jumped\", \"ttl\": \"PT1H\"}"));
        String id =
                attach("jumped", "ci", ", \"onDetach\": \"delete\"").path("id").asString();
        expire(id);
        Detaching detaching = new Detaching(
                service.bean(Attachments.class),
                service.bean(AttachmentListing.class),
                service.bean(AttachedImages.class),
                service.bean(FileReview.class),
                service.bean(Disposal.class),
                service.bean(Volume.class),
                Distrust.of(service.bean(Clock.class)));

        detaching.settle(UUID.fromString(chains.id("jumped")));

        assertThat(show(id).path("state").asString()).isEqualTo("stale");
        succeed(api.postJson("attachments/" + id + "/heartbeat", "{}"));
        assertThat(detaching.detach(UUID.fromString(id), "somebody").outcome()).isEqualTo(Outcome.DELETED);
    }

    @Test
    void aSignOfLifeComesInTimeUntilItIsOver() throws Exception {
        chains.base("h0");
        String id = attach("h0", "vm", "").path("id").asString();
        expire(id);
        JsonNode renewed = succeed(api.post("attachments/" + id + "/heartbeat")).json();
        assertThat(renewed.path("state").asString()).isEqualTo("active");
        assertThat(Duration.between(time(renewed, "heartbeatAt"), time(renewed, "expiresAt")))
                .isEqualTo(Duration.ofMinutes(15));
        renewed = succeed(api.postJson("attachments/" + id + "/heartbeat", "{\"ttl\": \"P30D\"}"))
                .json();
        assertThat(Duration.between(time(renewed, "heartbeatAt"), time(renewed, "expiresAt")))
                .isEqualTo(Duration.ofDays(30));
        sweep();
        assertThat(show(id).path("state").asString()).isEqualTo("active");

        expire(id);
        JsonNode again = attach("h0", "vm", "");
        assertThat(again.path("id").asString()).isEqualTo(id);
        assertThat(again.path("state").asString()).isEqualTo("active");
    }

    @Test
    void onlyAnAdministratorBreaksAndThatIsRecorded() throws Exception {
        chains.base("b0");
        chains.clone("b1", "b0");
        String id = attach("b1", "vm", "").path("id").asString();
        ApiClient operator = as("operator");
        String why = "{\"reason\": \"host-3 burnt down\"}";
        assertThat(operator.postJson("attachments/" + id + "/break", why).problem())
                .isEqualTo("forbidden");
        assertThat(as("reader")
                        .postJson("images/b1/attachments", "{\"holder\": \"x\"}")
                        .problem())
                .isEqualTo("forbidden");
        assertThat(as("reader").get("attachments/" + id).status()).isEqualTo(200);
        for (String none : List.of(" ", "a\\u0000", "half a pair \\ud800")) {
            assertThat(api.postJson("attachments/" + id + "/break", "{\"reason\": \"" + none + "\"}")
                            .problem())
                    .isEqualTo("invalid-request");
        }
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("b1"), "qcow2")) {
            JsonNode broken =
                    succeed(api.postJson("attachments/" + id + "/break", why)).json();
            assertThat(broken.path("state").asString()).isEqualTo("broken");
            assertThat(broken.path("endedBy").asString()).isEqualTo("first-admin");
            assertThat(broken.path("reason").asString()).isEqualTo("host-3 burnt down");
            assertThat(broken.path("outcome").isNull()).isTrue();
            assertThat(broken.path("qemu").asString()).isEqualTo("writer");
            Answer refused = operator.postJson("images/b1/attachments", "{\"holder\": \"next\"}");
            assertAttached(refused, "vm");
            assertThat(refused.json().path("action").asString()).contains("Stop the QEMU");
            guest.command("write -P 9 0 64k", OPS);
        }
        assertThat(operator.postJson("images/b1/attachments", "{\"holder\": \"next\"}")
                        .status())
                .isEqualTo(201);
        assertThat(show(id).path("outcome").asString()).isEqualTo("kept");
        JsonNode after = succeed(api.postJson("attachments/" + id + "/break", "{\"reason\": \"again\"}"))
                .json();
        assertThat(after.path("reason").asString()).isEqualTo("host-3 burnt down");
    }

    @Test
    void aGuestThatHasNotEndedYetKeepsTheDiskAfterItsHolderHasGivenItBack() throws Exception {
        succeed(api.postJson("images", "{\"name\": \"g1\", \"virtualSize\": \"8MiB\", \"ttl\": \"PT1H\"}"));
        String image = chains.id("g1");
        Path file = chains.file("g1");
        String id = attach("g1", "ci", ", \"onDetach\": \"delete\"").path("id").asString();
        try (LiveQemuIo guest = LiveQemuIo.writing(file, "qcow2")) {
            JsonNode detached = detach(id);
            assertThat(detached.path("state").asString()).isEqualTo("detached");
            assertThat(detached.path("outcome").isNull()).isTrue();
            sweep();
            assertThat(show(id).path("outcome").isNull()).isTrue();
            assertThat(file).exists();
            guest.command("write -P 9 0 64k", OPS);
        }
        assertThat(chains.image("g1").path("state").asString()).isEqualTo("available");

        sweep();

        assertThat(show(id).path("outcome").asString()).isEqualTo("deleted");
        assertThat(api.get("images/" + image).status()).isEqualTo(404);
        assertThat(file).doesNotExist();
        assertThat(detach(id).path("outcome").asString()).isEqualTo("deleted");
        assertThat(ids("attachments?image=" + image)).containsExactly(id);
    }

    @Test
    void aDisposableImageGoesWithTheLastThatHasIt() {
        chains.base("d0");
        for (String name : List.of("d1", "d2", "d3")) {
            succeed(api.postJson(
                    "images/d0/clones",
                    "{\"name\": \"" + name + "\", \"lifetime\": \"disposable\", \"ttl\": \"PT1H\"}"));
        }
        String trashed = chains.id("d1");
        JsonNode answer = detach(
                attach("d1", "ci", ", \"onDetach\": \"trash\"").path("id").asString());
        assertThat(answer.path("outcome").asString()).isEqualTo("trashed");
        assertThat(chains.image(trashed).path("state").asString()).isEqualTo("trashed");

        succeed(api.post("images/d2/seal"));
        String first =
                attach("d2", "one", ", \"onDetach\": \"delete\"").path("id").asString();
        String last =
                attach("d2", "two", ", \"onDetach\": \"delete\"").path("id").asString();
        assertThat(detach(first).path("outcome").asString()).isEqualTo("kept");
        assertThat(detach(last).path("outcome").asString()).isEqualTo("deleted");
        assertThat(api.get("images/d2").status()).isEqualTo(404);

        String kept =
                attach("d3", "ci", ", \"onDetach\": \"delete\"").path("id").asString();
        api.patch("images/d3", "{\"protected\": true}");
        assertThat(detach(kept).path("outcome").asString()).isEqualTo("kept");
        assertThat(api.postJson("images/d0/attachments", "{\"holder\": \"ci\", \"onDetach\": \"trash\"}")
                        .problem())
                .isEqualTo("invalid-request");
    }

    @Test
    void aDisposableImageGoesWhenTheLastTwoThatHaveItLeaveAtTheSameTime() {
        chains.base("lt0");
        succeed(api.postJson("images/lt0/clones", "{\"name\": \"lt1\", \"ttl\": \"PT1H\"}"));
        succeed(api.post("images/lt1/seal"));
        List<String> holders = List.of("one", "two");
        List<String> made = holders.stream()
                .map(holder -> attach("lt1", holder, ", \"onDetach\": \"delete\"")
                        .path("id")
                        .asString())
                .toList();
        // Both say so before either looks at what becomes of the image.
        made.forEach(id ->
                service.bean(Attachments.class).end(UUID.fromString(id), AttachmentState.DETACHED, "somebody", null));

        made.forEach(this::detach);

        assertThat(api.get("images/lt1").status()).isEqualTo(404);
        assertThat(made.stream().map(id -> show(id).path("outcome").asString()))
                .containsExactlyInAnyOrder("kept", "deleted");
    }

    @Test
    void whoKeepsAnImageBeforeItGoesWins() {
        chains.base("w0");
        for (String onDetach : List.of("delete", "trash")) {
            String name = "w-" + onDetach;
            succeed(api.postJson("images/w0/clones", "{\"name\": \"" + name + "\", \"ttl\": \"PT1H\"}"));
            Attachments attachments = service.bean(Attachments.class);
            Attachment ended = attachments.end(
                    UUID.fromString(attach(name, "ci", ", \"onDetach\": \"" + onDetach + "\"")
                            .path("id")
                            .asString()),
                    AttachmentState.DETACHED,
                    "somebody",
                    null);
            Disposal disposal = new Disposal(
                    service.bean(Images.class),
                    service.bean(FamilyVersions.class),
                    service.bean(Lineages.class),
                    service.bean(Catalog.class),
                    service.bean(Trash.class),
                    service.bean(Deregistration.class),
                    attachments,
                    service.bean(AttachmentListing.class),
                    new BetweenTwo(
                            service.bean(Transactions.class), () -> succeed(api.post("images/" + name + "/keep"))),
                    service.bean(Leases.class));

            assertThatThrownBy(() -> disposal.after(ended)).isInstanceOf(ImageChanged.class);

            detach(ended.id().toString());
            assertThat(chains.image(name).path("state").asString()).isEqualTo("available");
            assertThat(show(ended.id().toString()).path("outcome").asString()).isEqualTo("kept");
        }
    }

    /** Does something after the first transaction. */
    private static final class BetweenTwo extends Transactions {

        private final Transactions transactions;
        private @Nullable Runnable then;

        BetweenTwo(Transactions transactions, Runnable then) {
            this.transactions = transactions;
            this.then = then;
        }

        @Override
        public <T> T write(Supplier<T> work) {
            T result = transactions.write(work);
            if (then != null) {
                then.run();
                then = null;
            }
            return result;
        }
    }

    @Test
    void aDisposableParentStaysUntilItIsChildless() {
        chains.base("p0");
        succeed(api.postJson("images/p0/clones", "{\"name\": \"p1\", \"ttl\": \"PT1H\"}"));
        succeed(api.post("images/p1/seal"));
        String parent = chains.id("p1");
        chains.clone("p2", "p1");
        String id = attach("p1", "ci", ", \"onDetach\": \"delete\"").path("id").asString();

        assertThat(detach(id).path("outcome").asString()).isEqualTo("leaving");

        assertThat(chains.image("p1").path("removeWhenChildless").asBoolean()).isTrue();
        succeed(api.delete("images/p2?purge=true"));
        assertThat(chains.image(parent).path("state").asString()).isEqualTo("trashed");
    }

    @Test
    void whatAHypervisorDidToTheFileIsTakenOver() throws Exception {
        chains.base("y0");
        chains.sealedClone("y1", "y0");
        chains.clone("y2", "y1");
        String id = attach("y2", "vm", "").path("id").asString();
        String file = chains.file("y2").toString();
        QemuImg.run("resize", "-q", file, "12M");
        QemuImg.run("rebase", "-q", "-F", "qcow2", "-b", chains.id("y0") + ".qcow2", file);

        JsonNode drift = detach(id).path("drift");

        assertThat(drift.path("virtualSizeBefore").asLong()).isEqualTo(8 << 20);
        assertThat(drift.path("virtualSize").asLong()).isEqualTo(12 << 20);
        assertThat(drift.path("parentBefore").asString()).isEqualTo(chains.id("y1"));
        assertThat(drift.path("parent").asString()).isEqualTo(chains.id("y0"));
        assertThat(drift.path("fault").isNull()).isTrue();
        assertThat(chains.parent("y2")).isEqualTo("y0");
        assertThat(chains.image("y2").path("virtualSize").asLong()).isEqualTo(12 << 20);
        assertThat(chains.image("y1").path("children").asInt()).isZero();
        assertThat(chains.image("y0").path("children").asInt()).isEqualTo(2);

        id = attach("y2", "vm", "").path("id").asString();
        byte[] before = chains.content("y2");
        QemuImg.run("rebase", "-q", "-b", "", file);
        assertThat(detach(id).path("drift").path("parent").isNull()).isTrue();
        assertThat(chains.parent("y2")).isEmpty();
        assertThat(chains.content("y2")).isEqualTo(before);
        succeed(api.post("images/y2/sparsify", "Prefer", WAIT));
        assertThat(chains.content("y2")).isEqualTo(before);
        assertThat(chains.image("y0").path("children").asInt()).isEqualTo(1);
    }

    @Test
    void whatAHypervisorStreamedWhileItRanIsTakenOver() throws Exception {
        chains.base("v0");
        chains.sealedClone("v1", "v0");
        chains.clone("v2", "v1");
        byte[] before = chains.content("v2");
        JsonNode attachment = attach("v2", "vm", "");
        Process qemu = new ProcessBuilder(
                        "sh",
                        "-c",
                        "exec qemu-system-x86_64 -machine q35 -m 64 -S -display none -nodefaults -monitor stdio "
                                + attachment.path("drive").asString())
                .redirectErrorStream(true)
                .start();
        try (Writer input = qemu.outputWriter();
                BufferedReader output = qemu.inputReader()) {
            input.write("block_stream virtio0 0 " + chains.file("v0") + "\n");
            String line;
            do {
                input.write("info block-jobs\n");
                input.flush();
                do {
                    line = output.readLine();
                } while (line != null && !line.matches("No active jobs|.*Completed.*|.*Stream.*"));
            } while (line != null && !line.equals("No active jobs"));
            assertThat(show(attachment.path("id").asString()).path("qemu").asString())
                    .isEqualTo("writer");
            input.write("quit\n");
        }
        assertThat(qemu.waitFor()).isZero();

        JsonNode drift = detach(attachment.path("id").asString()).path("drift");

        assertThat(drift.path("parent").asString()).isEqualTo(chains.id("v0"));
        assertThat(chains.parent("v2")).isEqualTo("v0");
        assertThat(chains.content("v2")).isEqualTo(before);
        assertThat(chains.image("v1").path("children").asInt()).isZero();
    }

    @Test
    void twoSweepsAtOnceHinderEachOtherForAMomentAtMost() throws Exception {
        List<String> made = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            succeed(api.postJson("images", "{\"name\": \"c" + i + "\", \"virtualSize\": \"1MiB\", \"ttl\": \"PT1H\"}"));
            made.add(attach("c" + i, "ci", ", \"onDetach\": \"delete\"")
                    .path("id")
                    .asString());
            expire(made.getLast());
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            List<Future<?>> sweeps = List.of(threads.submit(this::sweep), threads.submit(this::sweep));
            for (Future<?> sweep : sweeps) {
                sweep.get();
            }
        }
        sweep();

        for (int i = 0; i < 8; i++) {
            assertThat(show(made.get(i)).path("outcome").asString()).isEqualTo("deleted");
            assertThat(api.get("images/c" + i).status()).isEqualTo(404);
        }
    }

    /** A sweep that looks at the file just then would have it, and its holder be told of a QEMU that there is not. */
    @Test
    void whoEndsOneIsLeftAloneWithTheRest() throws Exception {
        Attachments attachments = service.bean(Attachments.class);
        chains.base("end0");
        chains.clone("end1", "end0");
        String given = attach("end1", "vm", "").path("id").asString();
        attachments.end(UUID.fromString(given), AttachmentState.DETACHED, "somebody", null);
        sweep();
        assertThat(show(given).path("outcome").isNull()).isTrue();
        assertThat(detach(given).path("outcome").asString()).isEqualTo("kept");

        String stale = attach("end1", "vm", "").path("id").asString();
        expire(stale);
        Attachment seen = attachments.find(UUID.fromString(stale));
        assertThat(attachments.lapse(seen.id())).isTrue();
        service.bean(Detaching.class).lookAfter(seen);
        assertThat(show(stale).path("outcome").isNull()).isTrue();
        succeed(api.post("images/end1/seal"));
        assertThat(show(stale).path("outcome").asString()).isEqualTo("kept");
    }

    @Test
    void aParentThatIsNamedByItsPathGetsItsBareNameBack() throws Exception {
        chains.base("k0");
        chains.sealedClone("k1", "k0");
        chains.clone("k2", "k1");
        String id = attach("k2", "vm", ", \"mount\": \"/there is/no such\"")
                .path("id")
                .asString();
        byte[] before = chains.content("k2");
        String file = chains.file("k2").toString();
        QemuImg.run("rebase", "-q", "-F", "qcow2", "-b", chains.file("k0").toString(), file);

        assertThat(detach(id).path("drift").path("backingFile").asString())
                .isEqualTo(chains.file("k0").toString());
        assertThat(chains.parent("k2")).isEqualTo("k0");
        assertThat(chains.content("k2")).isEqualTo(before);

        id = attach("k2", "vm", ", \"mount\": \"/there is/no such\"").path("id").asString();
        QemuImg.run(
                "rebase",
                "-q",
                "-u",
                "-F",
                "qcow2",
                "-b",
                "/there is/no such/images/" + chains.id("k0") + ".qcow2",
                file);
        assertThat(detach(id).path("drift").isNull()).isTrue();
        assertThat(chains.parent("k2")).isEqualTo("k0");
        assertThat(chains.content("k2")).isEqualTo(before);
    }

    @Test
    void aFileThatLiesOnAStrangerIsAnError() throws Exception {
        chains.base("x0");
        chains.clone("x1", "x0");
        String image = chains.id("x1");
        Path file = chains.file("x1");
        String id = attach("x1", "vm", "").path("id").asString();
        Path stranger = service.directory().resolve("stranger.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", stranger.toString(), "8M");
        QemuImg.run("rebase", "-q", "-u", "-F", "qcow2", "-b", stranger.toString(), file.toString());

        JsonNode detached = detach(id);

        assertThat(detached.path("outcome").asString()).isEqualTo("kept");
        assertThat(detached.path("drift").path("fault").asString()).contains("stranger.qcow2");
        assertThat(chains.image("x1").path("state").asString()).isEqualTo("error");
        assertThat(chains.image("x1").path("fault").asString()).contains("stranger.qcow2");
        JsonNode told = api.get("events?type=image.failed&subject=" + image)
                .json()
                .path("items")
                .get(0);
        assertThat(told.path("data").path("fault").asString()).contains("stranger.qcow2");
        Answer refused = api.postJson("images/x1/attachments", "{\"holder\": \"vm\"}");
        assertThat(refused.problem()).isEqualTo("image-not-available");
        assertThat(refused.json().path("detail").asString()).contains("stranger.qcow2");
        succeed(api.delete("images/x1"));
        assertThat(succeed(api.post("images/" + image + "/restore"))
                        .json()
                        .path("state")
                        .asString())
                .isEqualTo("error");
        succeed(api.delete("images/x1?purge=true"));
        assertThat(chains.image("x0").path("children").asInt()).isZero();
    }

    @Test
    void aFileThatIsNoImageAnyMoreIsAnError() throws Exception {
        chains.base("z0");
        chains.clone("z1", "z0");
        String id = attach("z1", "vm", "").path("id").asString();
        QemuImg.run(
                "convert",
                "-q",
                "-O",
                "raw",
                chains.file("z0").toString(),
                chains.file("z1").toString());
        assertThat(detach(id).path("drift").path("fault").asString()).contains("no image");
        assertThat(chains.image("z1").path("state").asString()).isEqualTo("error");
    }

    @Test
    void whatSomebodyUsesUnannouncedIsNotAttached() throws Exception {
        chains.base("u0");
        chains.clone("u1", "u0");
        try (LiveQemuIo _ = LiveQemuIo.writing(chains.file("u1"), "qcow2")) {
            for (String access : List.of("rw", "ro")) {
                Answer refused =
                        api.postJson("images/u1/attachments", "{\"holder\": \"vm\", \"access\": \"" + access + "\"}");
                assertThat(refused.problem()).as("%s", refused).isEqualTo("image-in-use");
            }
            assertThat(attach("u0", "vm", "").path("qemu").asString()).isEqualTo("reader");
        }
        try (LiveQemuIo _ = LiveQemuIo.reading(chains.file("u1"), "qcow2")) {
            assertThat(api.postJson("images/u1/attachments", "{\"holder\": \"vm\"}")
                            .problem())
                    .isEqualTo("image-in-use");
            attach("u1", "vm", ", \"access\": \"ro\"");
        }
        String trashed = chains.id("u0");
        assertThat(api.postJson("images/none/attachments", "{\"holder\": \"vm\"}")
                        .problem())
                .isEqualTo("not-found");
        succeed(api.delete("images/" + trashed + "?dryRun=true"));
        chains.clone("u2", "u0");
        String gone = chains.id("u2");
        succeed(api.delete("images/u2"));
        assertThat(api.postJson("images/" + gone + "/attachments", "{\"holder\": \"vm\"}")
                        .problem())
                .isEqualTo("image-not-available");
    }

    @Test
    void listsAreFilteredAndPaged() throws Exception {
        chains.base("l0");
        chains.clone("l1", "l0");
        List<String> made = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            made.addFirst(attach("l0", "lister-" + i, "").path("id").asString());
        }
        String writer = attach("l1", "lister-0", "").path("id").asString();
        String image = chains.id("l0");
        assertThat(ids("attachments?image=l0")).isEqualTo(made);
        assertThat(ids("attachments?holder=lister-0")).containsExactly(writer, made.getLast());
        Answer page = api.get("attachments?limit=3&image=" + image);
        String cursor = page.json().path("nextCursor").asString();
        assertThat(ids("attachments?limit=3&image=" + image)).isEqualTo(made.subList(0, 3));
        assertThat(ids("attachments?limit=3&image=" + image + "&cursor=" + cursor))
                .isEqualTo(made.subList(3, 5));
        assertThat(api.get("attachments?cursor=" + UUID.randomUUID()).problem()).isEqualTo("invalid-request");
        detach(writer);
        assertThat(ids("images/l1/attachments")).isEmpty();
        assertThat(ids("images/l1/attachments?state=detached")).containsExactly(writer);
        assertThat(names("images?attached=true")).contains("l0").doesNotContain("l1");
        assertThat(names("images?attached=false")).contains("l1").doesNotContain("l0");
        assertThat(api.get("attachments?state=gone").problem()).isEqualTo("invalid-request");
    }

    @Test
    void refusesWhatCannotBe() {
        chains.base("f0");
        for (String body : List.of(
                "{}",
                "{\"holder\": \"\"}",
                "{\"holder\": \"a\\nb\"}",
                "{\"holder\": \"" + "x".repeat(256) + "\"}",
                "{\"holder\": 5}",
                "{\"holder\": \"vm\", \"ttl\": \"PT0S\"}",
                "{\"holder\": \"vm\", \"ttl\": \"P31D\"}",
                "{\"holder\": \"vm\", \"ttl\": \"-PT5M\"}",
                "{\"holder\": \"vm\", \"ttl\": 900}",
                "{\"holder\": \"vm\", \"mount\": \"mnt\"}",
                "{\"holder\": \"vm\", \"mount\": \"/m\\u0000\"}",
                "{\"holder\": \"vm\", \"mount\": \"/m\\ud800\"}",
                "{\"holder\": \"vm\", \"mount\": \"/" + "m".repeat(1024) + "\"}",
                "{\"holder\": \"vm\", \"access\": \"w\"}",
                "{\"holder\": \"vm\", \"onDetach\": \"burn\"}",
                "{\"holder\": \"vm\", \"surprise\": 1}")) {
            Answer refused = api.postJson("images/f0/attachments", body);
            assertThat(refused.status()).as(body).isEqualTo(400);
        }
        assertThat(api.get("images/f0/attachments").json().path("items")).isEmpty();
        for (String id : List.of("x", UUID.randomUUID().toString())) {
            assertThat(api.get("attachments/" + id).problem()).isEqualTo("not-found");
            assertThat(api.delete("attachments/" + id).problem()).isEqualTo("not-found");
            assertThat(api.post("attachments/" + id + "/heartbeat").problem()).isEqualTo("not-found");
            assertThat(api.postJson("attachments/" + id + "/break", "{\"reason\": \"r\"}")
                            .problem())
                    .isEqualTo("not-found");
        }
    }

    @Test
    void aRepeatedCallAttachesOnce() {
        chains.base("o0");
        String key = UUID.randomUUID().toString();
        Answer first = api.postJson("images/o0/attachments", "{\"holder\": \"vm\"}", "Idempotency-Key", key);
        Answer again = api.postJson("images/o0/attachments", "{\"holder\": \"vm\"}", "Idempotency-Key", key);
        assertThat(first.status()).isEqualTo(201);
        assertThat(again.status()).isEqualTo(201);
        assertThat(again.json()).isEqualTo(first.json());
    }

    private record Call(String verb, String body) {}

    private Answer call(Call call, String image) {
        String path = "images/" + image + "/" + call.verb();
        return call.body().isEmpty() ? api.post(path, "Prefer", WAIT) : api.postJson(path, call.body(), "Prefer", WAIT);
    }

    /** Whatever changes an image that is not sealed; but for removal, in an order in which all succeed one after the other. */
    private static List<Call> changes(String image, String otherParent) {
        return List.of(
                new Call("seal", ""),
                new Call("unseal", ""),
                new Call("resize", "{\"virtualSize\": \"9MiB\"}"),
                new Call("check", "{\"repair\": \"all\"}"),
                new Call("sparsify", ""),
                new Call("rebase", "{\"onto\": \"" + otherParent + "\"}"),
                new Call("commit", "{\"name\": \"" + image + "-committed\"}"),
                new Call("snapshot", "{\"name\": \"" + image + "-parent\"}"),
                new Call("reset", ""),
                new Call("redirect", ""),
                new Call("split", ""));
    }

    private JsonNode attach(String image, String holder, String more) {
        return succeed(api.postJson("images/" + image + "/attachments", "{\"holder\": \"" + holder + "\"" + more + "}"))
                .json();
    }

    private JsonNode detach(String id) {
        return succeed(api.delete("attachments/" + id)).json();
    }

    private JsonNode show(String id) {
        return succeed(api.get("attachments/" + id)).json();
    }

    private void sweep() {
        service.bean(AttachmentUpkeep.class).sweep();
    }

    private ApiClient as(String role) {
        String name = role + "-" + UUID.randomUUID();
        return service.as(succeed(api.postJson("tokens", "{\"name\": \"" + name + "\", \"role\": \"" + role + "\"}"))
                .json()
                .path("secret")
                .asString());
    }

    private static void assertAttached(Answer answer, String holder) {
        assertThat(answer.problem()).as("%s", answer).isEqualTo("image-attached");
        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.json().path("holder").asString()).isEqualTo(holder);
        assertThat(answer.json().path("detail").asString())
                .contains(holder, answer.json().path("attachment").asString());
    }

    private static Instant time(JsonNode node, String field) {
        return Instant.parse(node.path(field).asString());
    }

    private List<String> ids(String list) {
        return succeed(api.get(list))
                .json()
                .path("items")
                .valueStream()
                .map(item -> item.path("id").asString())
                .toList();
    }

    private List<String> names(String list) {
        return succeed(api.get(list + "&limit=1000"))
                .json()
                .path("items")
                .valueStream()
                .map(item -> item.path("name").asString())
                .toList();
    }

    private List<String> obstacles(String removal) {
        return succeed(api.delete(removal))
                .json()
                .path("obstacles")
                .valueStream()
                .map(obstacle -> obstacle.path("type").asString())
                .toList();
    }

    /** Lets its time be over. */
    private void expire(String id) throws SQLException {
        try (Connection connection = database.connect();
                PreparedStatement update =
                        connection.prepareStatement("update attachment set expires_at = ?, due_at = ? where id = ?")) {
            OffsetDateTime before = Instant.now().minusSeconds(1).atOffset(ZoneOffset.UTC);
            update.setObject(1, before);
            update.setObject(2, before);
            update.setObject(3, UUID.fromString(id));
            assertThat(update.executeUpdate()).isEqualTo(1);
        }
    }
}

class H2AttachmentTests extends AttachmentTests {}

class PostgresqlAttachmentTests extends AttachmentTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
