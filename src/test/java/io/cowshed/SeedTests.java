package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.catalog.Images;
import io.cowshed.catalog.Settlement;
import io.cowshed.engine.oracle.OracleProcess;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.TestDatabase;
import io.cowshed.volume.NewImageFile;
import io.cowshed.volume.SeedFiles;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Seed disks over HTTP, in the judgement of qemu-img, dosfstools, mtools and blkid; on both databases. */
abstract class SeedTests extends VerbTests {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String USER_DATA = "#cloud-config\nhostname: käse\n";

    @TempDir
    private Path directory;

    private Answer put(String image, String json, String... headers) {
        String[] all = Stream.concat(Stream.of("Content-Type", "application/json"), Stream.of(headers))
                .toArray(String[]::new);
        return api.call("PUT", "images/" + image + "/seed", BodyPublishers.ofString(json), all);
    }

    private static ObjectNode seed() {
        return JSON.createObjectNode().put("userData", USER_DATA);
    }

    private JsonNode seededClone(String name, String parent, ObjectNode seed) {
        ObjectNode request = JSON.createObjectNode().put("name", name);
        request.set("seed", seed);
        return succeed(api.postJson("images/" + parent + "/clones", request.toString()))
                .json();
    }

    private Path file(JsonNode image) {
        return service.volume().resolve(image.path("seed").path("path").asString());
    }

    /** The files of a seed disk, as mtools reads them from what qemu-img makes of it. */
    private String read(Path seed, String name) throws IOException {
        Path raw = directory.resolve("seed.raw");
        QemuImg.run("convert", "-f", "qcow2", "-O", "raw", seed.toString(), raw.toString());
        return OracleProcess.run(List.of("mtype", "-i", raw.toString(), "::" + name));
    }

    private Set<String> files() throws IOException {
        Set<String> all = new HashSet<>();
        for (String where : List.of("seeds", "incoming", "retired")) {
            try (Stream<Path> names = Files.list(service.volume().resolve(where))) {
                names.forEach(name -> all.add(where + "/" + name.getFileName()));
            }
        }
        return all;
    }

    @Test
    void aCloneHasASeedDiskThatSystemsRead() throws Exception {
        chains.base("d0");
        ObjectNode wanted = seed().put("networkConfig", "version: 2\nethernets: {}\n");
        JsonNode clone = seededClone("d1.Web_1", "d0", wanted);

        Path file = file(clone);
        String instance = clone.path("seed").path("instanceId").asString();
        assertThat(instance).matches("iid-[0-9a-f-]{36}");
        assertThat(file.getFileName().toString()).startsWith(clone.path("id").asString() + ".");
        assertThat(api.get("images/d1.Web_1").json()).isEqualTo(clone);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-rw----");
        QemuImg.run("check", file.toString());
        assertThat(read(file, "user-data")).isEqualTo(USER_DATA);
        assertThat(read(file, "network-config")).isEqualTo("version: 2\nethernets: {}\n");
        assertThat(read(file, "meta-data"))
                .isEqualTo("instance-id: \"" + instance + "\"\nlocal-hostname: \"d1-Web-1\"\n");
        String raw = directory.resolve("seed.raw").toString();
        OracleProcess.run(List.of("fsck.vfat", "-n", raw));
        assertThat(OracleProcess.run(List.of("blkid", "-p", "-o", "export", raw)))
                .contains("LABEL=CIDATA", "TYPE=vfat");
        assertThat(OracleProcess.run(List.of("mdir", "-b", "-i", raw, "::")).lines())
                .containsExactlyInAnyOrder("::/user-data", "::/meta-data", "::/network-config");
        new Invariants(database, service.volume()).check();
    }

    @Test
    void eachOfManyClonesIsSomebodyElse() throws Exception {
        chains.base("m0");
        JsonNode clones = succeed(api.postJson(
                        "images/m0/clones",
                        "{\"namePrefix\": \"m-\", \"count\": 30, \"seed\": {\"metaData\": {\"a\": 1}}}"))
                .json()
                .path("items");
        Set<String> instances = new HashSet<>();
        for (JsonNode clone : clones) {
            String name = clone.path("name").asString();
            instances.add(clone.path("seed").path("instanceId").asString());
            assertThat(read(file(clone), "meta-data"))
                    .contains("\"local-hostname\": \"" + name + "\"")
                    .contains(clone.path("seed").path("instanceId").asString());
        }
        assertThat(instances).hasSize(30);
        JsonNode listed = api.get("images?parent=m0&sort=name").json().path("items");
        assertThat(listed).isEqualTo(clones);
        Answer refused = api.postJson(
                "images/m0/clones",
                "{\"namePrefix\": \"k-\", \"count\": 2, \"seed\": {\"metaData\": \"instance-id: i\","
                        + " \"keepInstanceId\": true}}");
        assertThat(refused.problem()).isEqualTo("invalid-request");
        new Invariants(database, service.volume()).check();
    }

    @Test
    void anotherSeedDiskIsAnotherFileAndAnotherIdentity() throws Exception {
        chains.base("r0");
        chains.clone("r1", "r0");
        assertThat(api.get("images/r1/seed").problem()).isEqualTo("not-found");
        assertThat(put("r1", seed().toString(), "If-Match", "\"1\"").problem()).isEqualTo("precondition-failed");

        Answer first = put("r1", seed().toString());
        assertThat(first.status()).as("%s", first).isEqualTo(201);
        Path before = file(chains.image("r1"));
        Answer shown = api.get("images/r1/seed");
        assertThat(shown.json()).isEqualTo(first.json());
        assertThat(shown.header("ETag")).isEqualTo(first.header("ETag"));
        assertThat(shown.json().path("userData").asString()).isEqualTo(USER_DATA);
        assertThat(api.get("images/r1/seed", "If-None-Match", first.header("ETag"))
                        .status())
                .isEqualTo(304);

        Answer second = put(
                "r1",
                "{\"metaData\": \"# mine\\ninstance-id: mine\\nlocal-hostname: h\\n\"}",
                "If-Match",
                first.header("ETag"));
        assertThat(second.status()).as("%s", second).isEqualTo(200);
        assertThat(put("r1", "{}", "If-Match", first.header("ETag")).problem()).isEqualTo("precondition-failed");
        assertThat(api.delete("images/r1/seed", "If-Match", first.header("ETag"))
                        .problem())
                .isEqualTo("precondition-failed");
        String instance = second.json().path("instanceId").asString();
        assertThat(instance).isNotEqualTo(first.json().path("instanceId").asString());
        Path after = file(chains.image("r1"));
        assertThat(before).doesNotExist();
        assertThat(read(after, "meta-data"))
                .isEqualTo("# mine\ninstance-id: \"" + instance + "\"\nlocal-hostname: h\n");
        assertThat(read(after, "user-data")).isEmpty();
        assertThat(second.json().path("metaData").asString()).startsWith("# mine\ninstance-id: mine\n");

        Answer kept = succeed(put("r1", "{\"metaData\": {\"instance-id\": \"mine\"}, \"keepInstanceId\": true}"));
        assertThat(kept.json().path("instanceId").asString()).isEqualTo("mine");
        assertThat(read(file(chains.image("r1")), "meta-data"))
                .isEqualTo("{\"local-hostname\": \"r1\", \"instance-id\":\"mine\"}");

        assertThat(api.delete("images/r1/seed").status()).isEqualTo(204);
        assertThat(api.delete("images/r1/seed").problem()).isEqualTo("not-found");
        assertThat(chains.image("r1").path("seed").isNull()).isTrue();
        new Invariants(database, service.volume()).check();
    }

    @Test
    void theSeedDiskStaysWithItsImageThroughVerbsAndTrashAndIsPurgedWithIt() throws Exception {
        chains.base("s0");
        chains.clone("s1", "s0");
        succeed(put("s1", seed().toString()));
        JsonNode seed = chains.image("s1").path("seed");
        String id = chains.id("s1");
        Path file = file(chains.image("s1"));

        succeed(api.postJson("images/s1/snapshot", "{\"name\": \"s1-kept\"}", "Prefer", "wait=30"));
        assertThat(chains.image("s1-kept").path("seed").isNull()).isTrue();
        succeed(api.post("images/s1/reset", "Prefer", "wait=30"));
        succeed(api.post("images/s1/redirect", "Prefer", "wait=30"));
        succeed(api.post("images/s1/split", "Prefer", "wait=30"));
        succeed(api.patch("images/s1", "{\"name\": \"s1-new\"}"));
        succeed(api.post("images/s1-new/seal", "Prefer", "wait=30"));
        succeed(api.postJson("images/s1-new/clones", "{\"name\": \"s2\"}"));
        succeed(api.postJson("images/s1-new/copy", "{\"name\": \"s3\", \"scope\": \"flat\"}", "Prefer", "wait=30"));
        assertThat(chains.image("s2").path("seed").isNull()).isTrue();
        assertThat(chains.image("s3").path("seed").isNull()).isTrue();
        assertThat(chains.image("s1-new").path("seed")).isEqualTo(seed);
        succeed(api.delete("images/s2?purge=true"));

        succeed(api.delete("images/s1-new"));
        assertThat(api.get("images/" + id).json().path("seed")).isEqualTo(seed);
        assertThat(api.get("images/" + id + "/seed").status()).isEqualTo(200);
        assertThat(put(id, "{}").problem()).isEqualTo("image-not-available");
        assertThat(api.delete("images/" + id + "/seed").problem()).isEqualTo("image-not-available");
        succeed(api.post("images/" + id + "/restore"));
        assertThat(read(file, "user-data")).isEqualTo(USER_DATA);
        new Invariants(database, service.volume()).check();

        succeed(api.delete("images/s1-new?purge=true"));
        assertThat(file).doesNotExist();
        new Invariants(database, service.volume()).check();
    }

    @Test
    void nobodyTakesASeedDiskFromAGuest() throws Exception {
        chains.base("u0");
        JsonNode clone = seededClone("u1", "u0", seed());
        for (Path used : List.of(file(clone), chains.file("u1"))) {
            try (LiveQemuIo guest = LiveQemuIo.writing(used, "qcow2")) {
                Set<String> before = files();
                assertThat(put("u1", "{}").problem()).as("%s", used).isEqualTo("image-in-use");
                assertThat(api.delete("images/u1/seed").problem()).isEqualTo("image-in-use");
                assertThat(api.delete("images/u1?purge=true").problem()).isEqualTo("image-in-use");
                assertThat(files()).isEqualTo(before);
                guest.command("read 0 4k", ".*ops.*");
            }
        }
        assertThat(api.get("images/u1").json().path("seed")).isEqualTo(clone.path("seed"));
        succeed(put("u1", "{}"));
        new Invariants(database, service.volume()).check();
    }

    @Test
    void onlyOperatorsSeeWhatMayBeSecret() throws Exception {
        chains.base("o0");
        JsonNode clone = seededClone("o1", "o0", seed());
        ApiClient reader = service.as(
                succeed(api.postJson("tokens", "{\"name\": \"r-" + UUID.randomUUID() + "\", \"role\": \"reader\"}"))
                        .json()
                        .path("secret")
                        .asString());
        for (String path : List.of("images/o1/seed", "images/o1/%73eed", "images/%6f1/seed")) {
            assertThat(reader.get(path).status()).as(path).isEqualTo(403);
            assertThat(reader.head(path).status()).as(path).isEqualTo(403);
        }
        assertThat(reader.get("images/o1/seed/").status()).isEqualTo(404);
        assertThat(reader.get("images/o1/seed;x=y").status()).isIn(400, 403, 404);
        assertThat(reader.get("images/o1").json()).isEqualTo(clone);
        assertThat(new String(reader.get("images/o1").bytes(), UTF_8)).doesNotContain("cloud-config");
    }

    @Test
    void badInputIsRefusedInWordsAndLeavesNothing() throws Exception {
        chains.base("b0");
        chains.clone("b1", "b0");
        Set<String> before = files();
        String tooLong = "#!" + "x".repeat((64 << 10) - 1);
        for (String bad : List.of(
                "{\"userData\": \"packages: [nginx]\"}",
                "{\"userData\": \"\"}",
                "{\"userData\": \" #cloud-config\"}",
                "{\"userData\": \"" + tooLong + "\"}",
                "{\"userData\": \"#!" + "ä".repeat(32 << 10) + "\"}",
                "{\"userData\": \"#!\\u0000\"}",
                "{\"userData\": \"#!\\ud800\"}",
                "{\"userData\": 7}",
                "{\"userData\": {}}",
                "{\"userData\": \"Content-Type: multipart/mixed; boundary=x\\n\\n--x--\"}",
                "{\"metaData\": 7}",
                "{\"metaData\": [\"instance-id\"]}",
                "{\"metaData\": \"- a\\n- b\\n\"}",
                "{\"metaData\": \"text\"}",
                "{\"metaData\": \"a: [\"}",
                "{\"metaData\": \"a: b\\na: c\\n\"}",
                "{\"metaData\": \"a: 1\\n---\\nb: 2\\n\"}",
                "{\"metaData\": \"a: !!java.net.URL [http://x]\"}",
                "{\"metaData\": \"a: &a [*a]\"}",
                "{\"metaData\": \"a: &a [x]\\nb: *a\\n\"}",
                "{\"metaData\": \"instance-id: |\\n  block\\nb: 1\\n\"}",
                "{\"metaData\": \"" + "[".repeat(2000) + "\"}",
                "{\"metaData\": \"a: \\u0007\"}",
                "{\"metaData\": {\"a\": \"" + "x".repeat(16 << 10) + "\"}}",
                "{\"networkConfig\": \"text\"}",
                "{\"networkConfig\": \"version: 2\\n\\tx: y\"}",
                "{\"networkConfig\": {\"a\": \"" + "x".repeat(16 << 10) + "\"}}",
                "{\"keepInstanceId\": true}",
                "{\"metaData\": \"instance-id: 7\", \"keepInstanceId\": true}",
                "{\"metaData\": {\"instance-id\": \" \"}, \"keepInstanceId\": true}",
                "{\"metaData\": \"instance-id: \\\"a\\\\0b\\\"\", \"keepInstanceId\": true}",
                "{\"metaData\": \"instance-id: \\\"\\\\uD800\\\"\", \"keepInstanceId\": true}",
                "{\"metaData\": \"instance-id: \\\"a\\\\nb\\\"\", \"keepInstanceId\": true}",
                "{\"networkConfig\": \"version: !!int two\"}",
                "{\"metaData\": {\"instance-id\": \"" + "i".repeat(256) + "\"}, \"keepInstanceId\": true}",
                "{\"vendorData\": \"#cloud-config\"}",
                "{\"userData\": \"#!\", \"userData\": \"#!\"}",
                "[]",
                "\"#cloud-config\"")) {
            String shown = bad.substring(0, Math.min(100, bad.length()));
            for (Answer refused : List.of(
                    put("b1", bad), api.postJson("images/b0/clones", "{\"name\": \"b2\", \"seed\": " + bad + "}"))) {
                assertThat(refused.status()).as("%s: %s", shown, refused).isEqualTo(400);
                assertThat(refused.problem()).as("%s: %s", shown, refused).isIn("invalid-request", "malformed-body");
            }
        }
        assertThat(put("b1", "{\"userData\": \"packages:\"}").toString()).contains("#cloud-config", "#!", "MIME");
        assertThat(put("b9", "{}").problem()).isEqualTo("not-found");
        assertThat(put("b1", "{\"userData\": \"" + "x".repeat(1 << 20) + "\"}").problem())
                .isEqualTo("too-large");
        assertThat(api.get("images/b2").problem()).isEqualTo("not-found");
        assertThat(files()).isEqualTo(before);
        assertThat(chains.image("b1").path("seed").isNull()).isTrue();
    }

    @Test
    void theLargestSeedIsTaken() throws Exception {
        chains.base("z0");
        String user = "#!" + "\u0001".repeat((64 << 10) - 2);
        String meta = "a: " + "ä".repeat(((16 << 10) - 4) / 2) + "\n";
        ObjectNode wanted = JSON.createObjectNode().put("userData", user).put("metaData", meta);
        wanted.put("networkConfig", meta);
        JsonNode clone = seededClone("z1", "z0", wanted);
        assertThat(read(file(clone), "user-data")).isEqualTo(user);
        assertThat(read(file(clone), "meta-data")).endsWith(meta).hasSizeLessThan(meta.length() + 200);
        assertThat(read(file(clone), "network-config")).isEqualTo(meta);
        assertThat(api.get("images/z1/seed").json().path("userData").asString()).isEqualTo(user);
        assertThat(Files.size(file(clone))).isLessThan(160 << 10);
    }

    @Test
    void whatIsLeftBetweenFileAndRowIsSweptUpAndNothingElse() throws Exception {
        chains.base("c0");
        JsonNode clone = seededClone("c1", "c0", seed());
        UUID id = UUID.fromString(clone.path("id").asString());
        Set<String> before = files();
        SeedFiles seeds = service.bean(Volume.class).seeds();
        try (NewImageFile neverRecorded = seeds.create(SeedFiles.another(id));
                NewImageFile ofNoImage = seeds.create(SeedFiles.another(UUID.randomUUID()))) {
            neverRecorded.publish();
            ofNoImage.publish();
            sweep();
            assertThat(files()).as("their maker is alive").hasSize(before.size() + 4);
        }
        Files.createLink(
                service.volume()
                        .resolve("incoming/seed-"
                                + file(clone).getFileName().toString().replace(".qcow2", ".1.qcow2")),
                file(clone));
        sweep();
        assertThat(files()).isEqualTo(before);
        new Invariants(database, service.volume()).check();
    }

    private void sweep() {
        Settlement settlement = service.bean(Settlement.class);
        service.bean(Volume.class)
                .sweep(settlement::isThere, service.bean(Images.class)::exists, settlement::isAwaited);
    }
}

class H2SeedTests extends SeedTests {}

class PostgresqlSeedTests extends SeedTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
