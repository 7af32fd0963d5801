package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.Qcow2HeaderReader;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.Exits;
import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.SystemCalls;
import io.cowshed.testing.VerbChains;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * {@code kill -9} between each two steps of a snapshot, a commit, a reset, and a split in place: {@code strace} kills the service as it begins a
 * certain call to the kernel. Another one takes the operation up, and brings it to its end. {@code -Dcowshed.kills=20} goes
 * through all of the places; otherwise some of them are drawn.
 */
class BranchKillTests {

    private static final int KILLS = Integer.getInteger("cowshed.kills", 1);
    private static final long SEED = Long.getLong("cowshed.seed", System.currentTimeMillis());

    /** A dead replica is noticed sooner than by default. */
    private static final String NOTICED_SOON = "db-scheduler.heartbeat-interval=500ms";

    /**
     * Where to die.
     *
     * @param on what the call has to be about, within the volume; empty for anything
     * @param calls of these names
     * @param number of the call that is not made any more
     */
    record Death(String verb, String where, String on, String calls, int number) {

        boolean makesImage() {
            return verb.equals("snapshot") || verb.equals("commit");
        }

        @Override
        public String toString() {
            return verb + " " + where;
        }

        List<String> strace(Path volume, String image, long pid) {
            List<String> command = new ArrayList<>(SystemCalls.killingAt(calls, number));
            command.addAll(List.of("-p", Long.toString(pid)));
            if (!on.isEmpty()) {
                command.add("-P");
                command.add(volume.resolve(on.replace("$image", image)).toString());
            }
            return command;
        }
    }

    private static final String FILE = "images/$image.qcow2";
    private static final String FLUSH = "fsync,fdatasync";
    private static final String LINK = "link,linkat";
    private static final String RENAME = "rename,renameat,renameat2";

    /** A guest may begin to write then. */
    private static final Death RESET_DONE = new Death("reset", "when the image has its new file", "images", FLUSH, 1);

    private static final Death UPGRADE_DONE =
            new Death("upgrade", "when the image has its new file", "images", FLUSH, 1);

    private static final List<Death> DEATHS = List.of(
            new Death("snapshot", "before anything changes", FILE, "pwrite64", 1),
            new Death("snapshot", "when the file says that it is the parent", FILE, FLUSH, 1),
            new Death("snapshot", "before the parent has its name", "", LINK, 1),
            new Death("snapshot", "when the parent has its name", "images", FLUSH, 1),
            new Death("snapshot", "before the image has its new file", "", RENAME, 1),
            new Death("snapshot", "when the image has its new file", "images", FLUSH, 2),
            new Death("snapshot", "when the parent is read-only", "images", FLUSH, 3),
            new Death("commit", "before the old file is kept for its readers", "", LINK, 1),
            new Death("commit", "before the parent has its name", "", LINK, 2),
            new Death("commit", "when the parent has its name", "images", FLUSH, 1),
            new Death("commit", "before the image has its new file", "", RENAME, 1),
            new Death("commit", "when the image has its new file", "images", FLUSH, 2),
            new Death("reset", "before the image has its new file", "", RENAME, 1),
            RESET_DONE,
            new Death("upgrade", "before the image has its new file", "", RENAME, 1),
            UPGRADE_DONE,
            new Death("split", "before anything is stored", FILE, "copy_file_range,pwrite64", 1),
            new Death("split", "when what it lacks is in the file", FILE, FLUSH, 1),
            new Death("split", "when what it lacks is the image's own", FILE, FLUSH, 2),
            new Death("split", "when the file says that it lies on nothing", FILE, FLUSH, 3));

    static Stream<Death> deaths() {
        List<Death> drawn = new ArrayList<>(DEATHS);
        Collections.shuffle(drawn, new Random(SEED));
        return drawn.stream().limit(KILLS);
    }

    @ParameterizedTest
    @MethodSource("deaths")
    void theNextAttemptBringsItToItsEnd(Death death, @TempDir Path directory) throws Exception {
        Path volume = directory.toRealPath().resolve("data/volume");
        byte[] base;
        byte[] newer;
        byte[] before;
        String image;
        try (ServiceProcess service = ServiceProcess.start(directory, List.of(), NOTICED_SOON)) {
            VerbChains chains = new VerbChains(volume, service.api());
            chains.base("base");
            chains.base("newer");
            VerbChains.succeed(service.api().postJson("families", "{\"name\": \"family\"}"));
            for (String version : List.of("base", "newer")) {
                VerbChains.succeed(service.api()
                        .postJson(
                                "families/family/versions",
                                "{\"version\": \"" + version + "\", \"image\": \"" + version + "\"}"));
            }
            VerbChains.succeed(service.api().postJson("images/base/clones", "{\"name\": \"disk\", \"ttl\": \"PT8H\"}"));
            chains.write("disk", "write -P 7 1M 2M", "write -z 5M 128k");
            base = chains.content("base");
            newer = chains.content("newer");
            before = chains.content("disk");
            image = chains.id("disk");
            die(service, death, death.strace(volume, image, service.pid()));
        }
        byte[] after = switch (death.verb()) {
            case "reset" -> base.clone();
            case "upgrade" -> newer.clone();
            default -> before;
        };
        if (death.equals(RESET_DONE) || death.equals(UPGRADE_DONE)) {
            QemuIo.run(volume.resolve("images/" + image + ".qcow2"), "qcow2", List.of("write -P 99 64k 64k"));
            Arrays.fill(after, 64 << 10, 128 << 10, (byte) 99);
        }

        try (ServiceProcess service = ServiceProcess.start(directory, List.of(), NOTICED_SOON)) {
            VerbChains chains = new VerbChains(volume, service.api());
            JsonNode over = over(service.api(), image);

            assertThat(over.path("state").asString()).as("%s", over).isEqualTo("succeeded");
            assertThat(over.path("attempts").asInt()).as("%s", over).isGreaterThan(1);
            assertThat(chains.content("base")).isEqualTo(base);
            assertThat(chains.content("disk")).isEqualTo(after);
            assertThat(chains.image("disk").path("sealed").asBoolean()).isFalse();
            assertIs(chains, "disk");
            if (!death.makesImage()) {
                assertThat(chains.parent("disk"))
                        .isEqualTo(
                                switch (death.verb()) {
                                    case "reset" -> "base";
                                    case "upgrade" -> "newer";
                                    default -> "";
                                });
            } else {
                assertThat(chains.content("new")).isEqualTo(before);
                assertThat(chains.parent("disk")).isEqualTo("new");
                assertThat(chains.parent("new")).isEqualTo(death.verb().equals("snapshot") ? "base" : "");
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(chains.file("new"))))
                        .isEqualTo("r--r--r--");
                assertIs(chains, "new");
                assertThat(VerbChains.succeed(service.api().post("images/disk/seal"))
                                .json()
                                .path("digest"))
                        .isEqualTo(chains.image("new").path("digest"));
            }
            assertThat(volume.resolve("incoming")).isEmptyDirectory();
            assertThat(volume.resolve("retired")).isEmptyDirectory();
        }
    }

    private static void die(ServiceProcess service, Death death, List<String> strace) throws IOException {
        Process killer = new ProcessBuilder(strace).redirectErrorStream(true).start();
        try {
            BufferedReader output = killer.inputReader();
            assertThat(output.readLine()).contains("attached");
            Thread.ofVirtual().start(() -> output.lines().forEach(_ -> {}));
            String path = "images/disk/" + death.verb();
            ApiClient.Answer answer = switch (death.verb()) {
                case "snapshot", "commit" -> service.api().postJson(path, "{\"name\": \"new\"}", "Prefer", "wait=60");
                case "upgrade" -> service.api().postJson(path, "{\"discardChanges\": true}", "Prefer", "wait=60");
                default -> service.api().post(path, "Prefer", "wait=60");
            };
            throw new AssertionError("it lived: " + answer);
        } catch (UncheckedIOException e) {
            // It died, as it was to.
        } finally {
            // Not SIGTERM: strace would wait for the first thread of the dying service, which waits for its other
            // threads,
            // which wait for strace.
            Exits.of(killer.destroyForcibly());
        }
    }

    private static JsonNode over(ApiClient api, String image) {
        JsonNode operations = api.get("operations?image=" + image).json().path("items");
        assertThat(operations.size()).isEqualTo(1);
        return api.get("operations/" + operations.get(0).path("id").asString(), "Prefer", "wait=60")
                .json();
    }

    private static void assertIs(VerbChains chains, String name) throws IOException {
        assertThat(QemuImg.check(chains.file(name))).doesNotContainKeys("corruptions", "leaks");
        try (PosixFile file = PosixFile.openForReading(chains.file(name))) {
            assertThat(Objects.requireNonNull(Qcow2HeaderReader.read(file).identity())
                            .id())
                    .hasToString(chains.id(name));
        }
    }
}
