package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.MountedVolume;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is said of space, held against {@code df}, {@code du} and {@code qemu-img map}. Needs root, to mount a volume. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SpaceTests {

    /** What a file system may take or give back besides, for its own books. */
    private static final long BOOKS = 256 << 10;

    private static final Duration SOON = Duration.ofSeconds(20);

    ApiClient api;
    VerbChains chains;
    private MountedVolume mounted;
    private TestDatabase database;
    private TestService service;

    /** Mounts a file system at the volume's place. */
    abstract MountedVolume mount(Path directory);

    @BeforeAll
    void startOnAVolumeOfItsOwn(@TempDir Path directory) {
        mounted = mount(directory);
        database = TestDatabase.create(TestDatabase.Kind.H2);
        service = TestService.start(database, directory);
        api = service.api();
        chains = new VerbChains(service);
    }

    @AfterAll
    void stopAndUnmount() {
        service.close();
        database.close();
        mounted.close();
    }

    @Test
    void theVolumesSpaceIsWhatDfAndDuSay() {
        chains.base("v0");
        chains.clone("v1", "v0");
        chains.base("v2");
        String trashed = chains.id("v2");
        long size = chains.image("v2").path("allocatedSize").asLong();
        succeed(api.delete("images/v2"));
        run("sync", "-f", volume());

        JsonNode volume = succeed(api.get("volume")).json();

        assertThat(volume.path("totalSize").asLong()).isEqualTo(df("size"));
        assertThat(volume.path("usableSize").asLong()).isEqualTo(df("avail"));
        assertThat(volume.path("allocatedSize").asLong()).isEqualTo(duOfImages());
        assertThat(volume.path("trashedImages").asInt()).isEqualTo(1);
        assertThat(volume.path("trashedSize").asLong()).isEqualTo(size);
        assertThat(volume.path("images").asInt())
                .isEqualTo(service.volume().resolve("images").toFile().list().length);
        succeed(api.delete("images/" + trashed + "?purge=true"));
    }

    @Test
    void anImagesSpaceIsWhatDuAndTheMapSayAndWhatItsRemovalGivesBack() {
        chains.base("i0");
        chains.sealedClone("i1", "i0");
        chains.clone("i2", "i1");
        chains.write("i2", "write -P 200 1M 3M");
        run("sync", "-f", volume());

        JsonNode space = succeed(api.get("images/i2/space")).json();

        assertThat(space.path("allocatedSize").asLong()).isEqualTo(du(chains.file("i2")));
        assertThat(space.path("exclusiveSize").asLong())
                .isEqualTo(space.path("allocatedSize").asLong());
        assertThat(space.path("sharedWithAncestors").asLong()).isEqualTo(mappedFromAncestors("i2"));
        assertThat(space.path("virtualSize").asLong()).isEqualTo(VerbChains.DISK);
        assertThat(space.path("inUse").asBoolean()).isFalse();
        assertThat(api.get("images/i0/space").json().path("costToSplit").isNull())
                .isTrue();
        long before = df("avail");
        succeed(api.delete("images/i2?purge=true"));
        awaitAvailable(before + space.path("freedIfRemoved").asLong());
    }

    @Test
    void whatIsWrittenToIsMeasuredButNotRead() throws Exception {
        chains.base("w0");
        chains.clone("w1", "w0");
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("w1"), "qcow2")) {
            JsonNode space = succeed(api.get("images/w1/space")).json();
            assertThat(space.path("inUse").asBoolean()).isTrue();
            assertThat(space.path("costToSplit").isNull()).isTrue();
            assertThat(space.path("sharedWithAncestors").isNull()).isTrue();
            assertThat(space.path("allocatedSize").asLong()).isEqualTo(du(chains.file("w1")));
            guest.command("read 0 64k", ".*ops.*");
        }
        assertThat(api.get("images/nobody/space").problem()).isEqualTo("not-found");
    }

    /** Splits a clone off, and answers its space before and after. */
    List<JsonNode> split(String name) {
        chains.base(name + "-base");
        chains.clone(name, name + "-base");
        run("sync", "-f", volume());
        List<JsonNode> spaces =
                new ArrayList<>(List.of(api.get("images/" + name + "/space").json()));
        succeed(api.post("images/" + name + "/split", "Prefer", "wait=60"));
        run("sync", "-f", volume());
        spaces.add(succeed(api.get("images/" + name + "/space")).json());
        return spaces;
    }

    void removalGivesBack(String name, long bytes) {
        long before = df("avail");
        succeed(api.delete("images/" + name + "?purge=true"));
        awaitAvailable(before + bytes);
    }

    /** Some file systems free in the background what was removed. */
    private void awaitAvailable(long expected) {
        long end = System.nanoTime() + SOON.toNanos();
        while (Math.abs(df("avail") - expected) > BOOKS && System.nanoTime() < end) {
            run("sync", "-f", volume());
        }
        assertThat(df("avail")).isCloseTo(expected, within(BOOKS));
    }

    private long mappedFromAncestors(String name) {
        long bytes = 0;
        for (JsonNode extent : new JsonMapper()
                .readTree(QemuImg.run("map", "--output=json", chains.file(name).toString()))) {
            if (extent.path("depth").asInt() > 0 && extent.path("data").asBoolean()) {
                bytes += extent.path("length").asLong();
            }
        }
        return bytes;
    }

    private String volume() {
        return service.volume().toString();
    }

    private long df(String column) {
        return number(run("df", "-B1", "--output=" + column, volume())
                .lines()
                .toList()
                .get(1));
    }

    private long duOfImages() {
        List<String> command = new ArrayList<>(List.of("du", "-B1", "-c"));
        for (java.io.File file : service.volume().resolve("images").toFile().listFiles()) {
            command.add(file.getPath());
        }
        return number(run(command.toArray(String[]::new)).lines().toList().getLast());
    }

    private static long du(Path file) {
        return number(run("du", "-B1", file.toString()));
    }

    private static long number(String line) {
        return Long.parseLong(line.strip().split("\\s", 2)[0]);
    }

    private static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            try (InputStream output = process.getInputStream()) {
                String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
                assertThat(process.waitFor())
                        .as("%s: %s", String.join(" ", command), text)
                        .isZero();
                return text;
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}

class Ext4SpaceTests extends SpaceTests {
    @Override
    MountedVolume mount(Path directory) {
        return MountedVolume.ext4(directory.resolve("ext4"), 256 << 20, directory.resolve("volume"));
    }

    @Test
    void whatASplitCopiesIsTakenOnceMore() {
        List<JsonNode> spaces = split("e0");
        long cost = spaces.get(0).path("costToSplit").asLong();
        long allocated = spaces.get(1).path("allocatedSize").asLong();

        assertThat(allocated).isBetween(cost, cost + (512 << 10));
        assertThat(spaces.get(1).path("exclusiveSize").asLong()).isEqualTo(allocated);
        removalGivesBack("e0", allocated);
    }
}

class XfsSpaceTests extends SpaceTests {
    @Override
    MountedVolume mount(Path directory) {
        return MountedVolume.xfs(directory.resolve("xfs"), 400 << 20, directory.resolve("volume"));
    }

    @Test
    void whatASplitSharesWithItsOldParentDoesNotComeBackWithItsRemoval() {
        List<JsonNode> spaces = split("x0");
        long allocated = spaces.get(1).path("allocatedSize").asLong();
        long exclusive = spaces.get(1).path("exclusiveSize").asLong();

        assertThat(allocated)
                .isGreaterThanOrEqualTo(spaces.get(0).path("costToSplit").asLong());
        assertThat(exclusive).isLessThan(allocated / 4);
        removalGivesBack("x0", exclusive);
    }
}
