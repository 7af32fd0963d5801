package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Copy, resize, check and compare over HTTP, with qemu-img as the judge; on both databases. */
abstract class DiskVerbTests extends VerbTests {

    @Test
    void aFlatCopyStandsOnItsOwnInAnyCompression() throws Exception {
        chains.base("f0");
        chains.clone("f1", "f0");
        byte[] content = chains.content("f1");
        for (String compression : List.of("none", "zlib", "zstd")) {
            String name = "f1-" + compression;
            Answer done = finished("f1/copy", "{\"name\": \"" + name + "\", \"compression\": \"" + compression + "\"}");

            assertThat(done.json().path("result").path("image").asString()).isEqualTo(chains.id(name));
            assertThat(chains.parent(name)).isEmpty();
            assertThat(chains.image(name).path("state").asString()).isEqualTo("available");
            assertThat(chains.image(name).path("sealed").asBoolean()).isFalse();
            assertThat(chains.content(name)).isEqualTo(content);
            assertThat(QemuImg.check(chains.file(name))).doesNotContainKeys("corruptions", "leaks");
        }
        assertThat(chains.content("f1")).isEqualTo(content);
    }

    @Test
    void aDeltaCopyIsASibling() throws Exception {
        chains.base("d0");
        chains.clone("d1", "d0");

        finished(
                "d1/copy",
                "{\"name\": \"d2\", \"scope\": \"delta\", \"labels\": {\"team\": \"net\"}, \"ttl\": \"PT8H\"}");

        assertThat(chains.parent("d2")).isEqualTo("d0");
        assertThat(chains.image("d2").path("labels").path("team").asString()).isEqualTo("net");
        assertThat(chains.image("d2").path("lifetime").asString()).isEqualTo("disposable");
        assertThat(chains.image("d0").path("children").asInt()).isEqualTo(2);
        assertThat(chains.content("d2")).isEqualTo(chains.content("d1"));
        assertThat(chains.image("d2").path("allocatedSize").asLong()).isLessThan(2 << 20);
    }

    @Test
    void aCopysNameIsTakenAtOnceAndFreeAgainWhenItFails() throws Exception {
        chains.base("n0");
        chains.clone("n1", "n0");
        assertThat(api.postJson("images/n1/copy", "{\"name\": \"n0\"}").problem())
                .isEqualTo("name-taken");
        assertThat(api.postJson("images/n1/copy", "{\"name\": \"n2\", \"compression\": \"lzma\"}")
                        .status())
                .isEqualTo(400);
        assertThat(api.postJson("images/n1/copy", "{}").status()).isEqualTo(400);
        damage("n1");

        Answer failed = api.postJson("images/n1/copy", "{\"name\": \"n2\"}", "Prefer", WAIT);

        assertThat(failed.json().path("state").asString()).as("%s", failed).isEqualTo("failed");
        assertThat(failed.json().path("problem").path("type").asString())
                .isEqualTo("urn:cowshed:problem:invalid-image");
        assertThat(api.get("images/n2").status()).isEqualTo(404);
        succeed(api.delete("images/n1?purge=true"));
    }

    @Test
    void aLongerDiskReadsAsZerosBehindItsOldEnd() throws Exception {
        chains.base("l0");
        chains.clone("l1", "l0");
        byte[] before = chains.content("l1");

        Answer done = finished("l1/resize", "{\"virtualSize\": \"12MiB\"}");

        assertThat(done.json().path("result").path("virtualSizeBefore").asLong())
                .isEqualTo(VerbChains.DISK);
        assertThat(chains.image("l1").path("virtualSize").asLong()).isEqualTo(12 << 20);
        assertThat(chains.content("l1")).isEqualTo(Arrays.copyOf(before, 12 << 20));
        assertThat(QemuImg.check(chains.file("l1"))).doesNotContainKeys("corruptions", "leaks");
    }

    @Test
    void aDiskLosesDataOnlyByForce() throws Exception {
        chains.base("k0");
        chains.clone("k1", "k0");
        byte[] before = chains.content("k1");
        assertThat(api.postJson("images/k1/resize", "{\"virtualSize\": \"4MiB\"}")
                        .problem())
                .isEqualTo("invalid-request");

        Answer refused =
                api.postJson("images/k1/resize", "{\"virtualSize\": \"4MiB\", \"shrink\": true}", "Prefer", WAIT);
        assertThat(refused.json().path("problem").path("type").asString())
                .as("%s", refused)
                .isEqualTo("urn:cowshed:problem:shrink-loses-data");
        assertThat(refused.json().path("problem").path("lostBytes").asLong()).isPositive();
        assertThat(chains.content("k1")).isEqualTo(before);

        finished("k1/resize", "{\"virtualSize\": \"4MiB\", \"force\": true}");
        assertThat(chains.content("k1")).isEqualTo(Arrays.copyOf(before, 4 << 20));
        finished("k1/resize", "{\"virtualSize\": \"8MiB\"}");
        assertThat(chains.content("k1")).isEqualTo(Arrays.copyOf(Arrays.copyOf(before, 4 << 20), 8 << 20));
        assertThat(api.postJson("images/k0/resize", "{\"virtualSize\": \"12MiB\"}")
                        .problem())
                .isEqualTo("image-sealed");
        assertThat(api.postJson("images/k1/resize", "{\"virtualSize\": \"9EiB\"}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void aTailWithNothingInItIsCutOff() throws Exception {
        succeed(api.postJson("images", "{\"name\": \"empty\", \"virtualSize\": \"64MiB\"}"));
        chains.write("empty", "write -P 1 0 1M");

        finished("empty/resize", "{\"virtualSize\": \"1MiB\", \"shrink\": true}");

        assertThat(chains.image("empty").path("virtualSize").asLong()).isEqualTo(1 << 20);
    }

    @Test
    void aDiskThatCannotGetAnotherLengthKeepsItsOwn() throws Exception {
        succeed(api.postJson("images", "{\"name\": \"snapshotted\", \"virtualSize\": \"64MiB\"}"));
        QemuImg.run("snapshot", "-c", "before", chains.file("snapshotted").toString());

        Answer refused = api.postJson(
                "images/snapshotted/resize", "{\"virtualSize\": \"1MiB\", \"shrink\": true}", "Prefer", WAIT);

        assertThat(refused.json().path("state").asString()).as("%s", refused).isEqualTo("failed");
        assertThat(refused.json().path("problem").path("type").asString())
                .isEqualTo("urn:cowshed:problem:unsupported-image");
        assertThat(chains.image("snapshotted").path("virtualSize").asLong()).isEqualTo(64 << 20);
    }

    @Test
    void aCheckFindsLeaksAndARepairGivesThemBack() throws Exception {
        chains.base("c0");
        chains.clone("c1", "c0");
        JsonNode clean = finished("c1/check", "{}").json().path("result");
        assertThat(clean.path("clean").asBoolean()).isTrue();
        byte[] content = chains.content("c1");
        chains.leak("c1");
        assertThat(QemuImg.check(chains.file("c1"))).containsEntry("leaks", 1L);

        JsonNode leaking = finished("c1/check", "{\"repair\": \"none\"}").json().path("result");
        assertThat(leaking.path("clean").asBoolean()).isFalse();
        assertThat(leaking.path("report").path("leaks").asInt()).isEqualTo(1);
        assertThat(leaking.path("report")
                        .path("findings")
                        .path(0)
                        .path("structure")
                        .asString())
                .isNotEmpty();

        JsonNode mended = finished("c1/check", "{\"repair\": \"leaks\"}").json().path("result");
        assertThat(mended.path("clean").asBoolean()).isTrue();
        assertThat(QemuImg.check(chains.file("c1"))).doesNotContainKeys("corruptions", "leaks");
        assertThat(chains.content("c1")).isEqualTo(content);
        assertThat(finished("c0/check", "{}")
                        .json()
                        .path("result")
                        .path("clean")
                        .asBoolean())
                .isTrue();
        assertThat(api.postJson("images/c0/check", "{\"repair\": \"all\"}").problem())
                .isEqualTo("image-sealed");
        assertThat(api.postJson("images/c1/check", "{\"repair\": \"some\"}").status())
                .isEqualTo(400);
    }

    @Test
    void disksAreComparedByWhatTheirGuestsRead() throws Exception {
        chains.base("e0");
        chains.clone("e1", "e0");
        finished("e1/copy", "{\"name\": \"e2\"}");
        assertThat(compared("e1", "e2").path("equal").asBoolean()).isTrue();
        assertThat(compared("e0", "e0").path("equal").asBoolean()).isTrue();

        chains.write("e2", "write -P 171 6291957 3");
        byte[] one = chains.content("e1");
        byte[] other = chains.content("e2");
        JsonNode result = compared("e1", "e2");

        assertThat(result.path("equal").asBoolean()).isFalse();
        assertThat(result.path("firstDifference").asInt()).isEqualTo(Arrays.mismatch(one, other));
        assertThat(result.path("differences")).hasSize(1);
        assertThat(result.path("differences").path(0).path("start").asInt()).isEqualTo(6291957 / 512 * 512);
        assertThat(result.path("complete").asBoolean()).isTrue();
        assertThat(api.get("images/e1/compare?with=nobody").status()).isEqualTo(404);
        assertThat(api.get("images/e1/compare").status()).isEqualTo(400);
    }

    @Test
    void aGuestsDiskIsLeftAlone() throws Exception {
        chains.base("g0");
        chains.clone("g1", "g0");
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("g1"), "qcow2")) {
            for (Answer answer : List.of(
                    api.postJson("images/g1/copy", "{\"name\": \"g2\"}"),
                    api.postJson("images/g1/resize", "{\"virtualSize\": \"12MiB\"}"),
                    api.postJson("images/g1/check", "{}"),
                    api.postJson("images/g1/check", "{\"repair\": \"all\"}"),
                    api.get("images/g1/compare?with=g0"))) {
                assertThat(answer.problem()).as("%s", answer).isEqualTo("image-in-use");
            }
            guest.command("write -P 5 0 64k", ".*ops.*");
        }
        assertThat(api.get("images/g2").status()).isEqualTo(404);
    }

    private JsonNode compared(String one, String other) {
        return succeed(api.get("images/" + one + "/compare?with=" + other)).json();
    }

    private Answer finished(String path, String body) {
        Answer answer = succeed(api.postJson("images/" + path, body, "Prefer", WAIT));
        assertThat(answer.json().path("state").asString()).as("%s", answer).isEqualTo("succeeded");
        return answer;
    }

    /** Lets the first L1 entry point past the end of the file. */
    private void damage(String name) throws Exception {
        try (FileChannel file =
                FileChannel.open(chains.file(name), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer word = ByteBuffer.allocate(8);
            file.read(word, 40);
            file.write(ByteBuffer.allocate(8).putLong(0, 1L << 63 | 1L << 40), word.getLong(0));
        }
    }
}

class H2DiskVerbTests extends DiskVerbTests {}

class PostgresqlDiskVerbTests extends DiskVerbTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
