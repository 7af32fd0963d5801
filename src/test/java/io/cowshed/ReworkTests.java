package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.OracleProcess;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Redirect, split, rebase and sparsify over HTTP, with qemu-img as the judge of what is left; on both databases. */
abstract class ReworkTests extends VerbTests {

    @Test
    void aRedirectedCloneLiesOnItsGrandparentAndReadsTheSame() throws Exception {
        chains.base("r0");
        chains.sealedClone("r1", "r0");
        chains.clone("r2", "r1");
        byte[] before = chains.content("r2");

        Answer done = api.post("images/r2/redirect", "Prefer", WAIT);

        assertSucceeded(done, "redirect");
        assertThat(done.json().path("result").path("image").asString()).isEqualTo(chains.id("r2"));
        assertThat(chains.parent("r2")).isEqualTo("r0");
        assertThat(chains.content("r2")).isEqualTo(before);
        assertThat(QemuImg.check(chains.file("r2"))).doesNotContainKeys("corruptions", "leaks");
        assertThat(api.delete("images/r1?purge=true").status()).isEqualTo(204);
        assertThat(chains.content("r2")).isEqualTo(before);
    }

    @Test
    void aSealedParentIsRedirectedUnderARunningClone() throws Exception {
        chains.base("u0");
        chains.sealedClone("u1", "u0");
        chains.sealedClone("u2", "u1");
        chains.clone("u3", "u2");
        byte[] before = chains.content("u3");
        String digest = api.get("images/u2").json().path("digest").asString();
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("u3"), "qcow2")) {
            assertSucceeded(api.post("images/u2/redirect", "Prefer", WAIT), "redirect");
            guest.command("read 0 64k", ".*ops.*");
            assertThat(service.volume().resolve("retired").toFile().list()).hasSize(1);
        }
        assertThat(chains.parent("u2")).isEqualTo("u0");
        assertThat(chains.content("u3")).isEqualTo(before);
        assertThat(api.get("images/u2").json().path("digest").asString()).isEqualTo(digest);
        assertThat(Files.getPosixFilePermissions(chains.file("u2"))).hasSize(3);
        assertThat(api.delete("images/u1?purge=true").status()).isEqualTo(204);
    }

    @Test
    void aSplitImageIsABase() throws Exception {
        chains.base("s0");
        chains.sealedClone("s1", "s0");
        chains.clone("s2", "s1");
        byte[] before = chains.content("s2");

        assertSucceeded(api.post("images/s2/split", "Prefer", WAIT), "split");

        JsonNode image = api.get("images/s2").json();
        assertThat(image.path("parent").isNull()).isTrue();
        assertThat(image.path("depth").asInt()).isZero();
        assertThat(image.path("operation").isNull()).isTrue();
        assertThat(chains.content("s2")).isEqualTo(before);
        assertThat(QemuImg.run("info", chains.file("s2").toString())).doesNotContain("backing file");
        assertThat(api.post("images/s2/split").problem()).isEqualTo("image-has-no-parent");
        assertThat(api.post("images/s2/redirect").problem()).isEqualTo("image-has-no-parent");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "redirect | {}",
                "split    | {}",
                "sparsify | {}",
                "reset    | {}",
                "rebase   | {\"onto\": \"i-other\"}",
                "commit   | {\"name\": \"i-new\"}"
            })
    void snapshotsWithinTheFileAreNotLost(String verb, String body) throws Exception {
        if (api.get("images/i-other").status() == 404) {
            chains.base("i-other");
            chains.base("i-base");
        }
        String name = "i-" + verb;
        chains.clone(name, "i-base");
        QemuImg.run("snapshot", "-c", "before", chains.file(name).toString());

        Answer refused = api.postJson("images/" + name + "/" + verb, body, "Prefer", WAIT);

        assertThat(refused.json().path("state").asString()).as("%s", refused).isEqualTo("failed");
        assertThat(refused.json().path("problem").path("type").asString())
                .isEqualTo("urn:cowshed:problem:unsupported-image");
        assertThat(QemuImg.run("snapshot", "-l", chains.file(name).toString())).contains("before");
        assertThat(chains.parent(name)).isEqualTo("i-base");
    }

    @Test
    void aRebasedCloneReadsTheSameOnAnotherParent() throws Exception {
        chains.base("b0");
        chains.base("b1");
        chains.clone("b2", "b0");
        byte[] before = chains.content("b2");

        assertSucceeded(api.postJson("images/b2/rebase", "{\"onto\": \"b1\"}", "Prefer", WAIT), "rebase");

        assertThat(chains.parent("b2")).isEqualTo("b1");
        assertThat(chains.content("b2")).isEqualTo(before);
        assertThat(QemuImg.check(chains.file("b2"))).doesNotContainKeys("corruptions", "leaks");
    }

    @Test
    void repointingNeedsTheSameContentAndCopiesNothing() throws Exception {
        chains.base("p0");
        chains.base("other");
        chains.sealedCopyOf("p1", "p0");
        chains.clone("p2", "p0");
        byte[] before = chains.content("p2");

        Answer refused = api.postJson("images/p2/rebase", "{\"onto\": \"other\", \"mode\": \"repoint\"}");
        assertThat(refused.problem()).isEqualTo("parent-differs");
        Answer done = api.postJson("images/p2/rebase", "{\"onto\": \"p1\", \"mode\": \"repoint\"}", "Prefer", WAIT);

        assertSucceeded(done, "rebase");
        assertThat(chains.parent("p2")).isEqualTo("p1");
        assertThat(chains.content("p2")).isEqualTo(before);
    }

    @Test
    void aRebaseWaitsForWhoeverChangesWhatItIsToLieOn() throws Exception {
        chains.base("wb0");
        chains.base("wb1");
        chains.clone("wb2", "wb0");
        String onto = chains.id("wb1");
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                Connection observer = database.connect();
                ExecutorService thread = Executors.newSingleThreadExecutor()) {
            connection.setAutoCommit(false);
            statement.execute("update image set description = 'x', version = version + 1 where id = '" + onto + "'");
            Future<Answer> rebase =
                    thread.submit(() -> api.postJson("images/wb2/rebase", "{\"onto\": \"wb1\"}", "Prefer", WAIT));
            while (database.waiting(observer) == 0) {
                Thread.onSpinWait();
            }
            connection.commit();
            assertSucceeded(rebase.get(), "rebase");
        }
        assertThat(chains.parent("wb2")).isEqualTo("wb1");
    }

    @Test
    void whatCannotBecomeTheParentIsRefused() throws Exception {
        chains.base("x0");
        chains.sealedClone("x1", "x0");
        chains.clone("x2", "x1");
        chains.clone("thawed", "x0");
        chains.blankBase("short", 1 << 20);
        for (List<String> wrong : List.of(
                List.of("x2", "x2", "parent-is-itself"),
                List.of("x2", "x1", "parent-is-the-same"),
                List.of("x2", "thawed", "image-not-sealed"),
                List.of("x2", "short", "parent-is-shorter"),
                List.of("x2", "nobody", "not-found"),
                List.of("x1", "x0", "image-sealed"))) {
            Answer refused = api.postJson("images/" + wrong.get(0) + "/rebase", "{\"onto\": \"" + wrong.get(1) + "\"}");
            assertThat(refused.problem()).as("%s: %s", wrong, refused).isEqualTo(wrong.get(2));
        }
        assertThat(api.postJson("images/x2/rebase", "{\"onto\": \"x0\", \"mode\": \"hope\"}")
                        .status())
                .isEqualTo(400);
        assertThat(api.post("images/x2/redirect", "If-Match", "\"99\"").problem())
                .isEqualTo("precondition-failed");
        assertThat(api.get("operations?image=" + chains.id("x2")).json().path("items"))
                .isEmpty();
    }

    @Test
    void aGuestsDiskIsLeftAlone() throws Exception {
        chains.base("g0");
        chains.clone("g1", "g0");
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("g1"), "qcow2")) {
            for (String verb : List.of("redirect", "split", "sparsify")) {
                assertThat(api.post("images/g1/" + verb).problem()).isEqualTo("image-in-use");
            }
            guest.command("write -P 5 0 64k", ".*ops.*");
        }
        assertThat(api.get("operations?image=" + chains.id("g1")).json().path("items"))
                .isEmpty();
    }

    @Test
    void sparsifyingGivesBackZerosAndWhatTheParentHas() throws Exception {
        chains.base("z0");
        chains.clone("z1", "z0");
        Path file = chains.file("z1");
        byte[] base = chains.content("z0");
        chains.write("z1", "write -P 0 1M 1M", "write -P 3 3M 64k");
        chains.writeBytes("z1", 4 << 20, Arrays.copyOfRange(base, 4 << 20, 5 << 20));
        byte[] before = chains.content("z1");
        long allocated = Files.size(file);

        Answer done = api.post("images/z1/sparsify", "Prefer", WAIT);

        assertSucceeded(done, "sparsify");
        JsonNode reclaimed = done.json().path("result").path("reclaimed");
        assertThat(reclaimed.path("zeros").asLong()).isEqualTo(1 << 20);
        assertThat(reclaimed.path("equalToParent").asLong()).isEqualTo(1 << 20);
        assertThat(chains.content("z1")).isEqualTo(before);
        assertThat(Files.size(file)).isLessThan(allocated);
        assertThat(chains.parent("z1")).isEqualTo("z0");
    }

    @Test
    void sparsifyingGivesBackWhatTheGuestDeleted(@TempDir Path directory) throws Exception {
        Path disk = directory.resolve("ext4.raw");
        Path content = Files.createDirectory(directory.resolve("content"));
        byte[] kept = new byte[300_000];
        new Random(1).nextBytes(kept);
        Files.write(content.resolve("kept"), kept);
        byte[] junk = new byte[20 << 20];
        new Random(2).nextBytes(junk);
        Files.write(content.resolve("junk"), junk);
        OracleProcess.run(List.of("mke2fs", "-q", "-t", "ext4", "-d", content.toString(), disk.toString(), "64M"));
        OracleProcess.run(List.of("debugfs", "-w", "-R", "rm junk", disk.toString()));
        OracleProcess.run(List.of("e2fsck", "-fp", disk.toString()));
        VerbChains.succeed(api.upload("images?name=guest", "application/octet-stream", disk));

        Answer done = api.post("images/guest/sparsify", "Prefer", WAIT);

        assertSucceeded(done, "sparsify");
        JsonNode result = done.json().path("result");
        assertThat(result.path("reclaimed").path("freeSpace").asLong()).isGreaterThan(19 << 20);
        assertThat(result.path("guest").path(0).path("kind").asString()).isEqualTo("ext4");
        assertThat(result.path("allocatedAfter").asLong())
                .isLessThan(result.path("allocatedBefore").asLong() - (19 << 20));
        Path after = directory.resolve("after.raw");
        QemuImg.run("convert", "-O", "raw", chains.file("guest").toString(), after.toString());
        OracleProcess.run(List.of("e2fsck", "-fn", after.toString()));
        OracleProcess.run(List.of("debugfs", "-R", "dump kept " + directory.resolve("back"), after.toString()));
        assertThat(Files.readAllBytes(directory.resolve("back"))).isEqualTo(kept);
    }
}

class H2ReworkTests extends ReworkTests {}

class PostgresqlReworkTests extends ReworkTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
