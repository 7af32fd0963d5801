package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.MountedVolume;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.cowshed.testing.VerbChains;
import io.cowshed.volume.Volume;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A volume that runs full, on a small file system of its own. Needs root, to mount it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class FullDiskTests {

    static final int SIZE = 64 << 20;

    private static final int TOO_MUCH = 80 << 20;
    private static final Duration SECONDS = Duration.ofSeconds(10);
    private static final String RAW = "application/octet-stream";

    ApiClient api;
    private MountedVolume mounted;
    private TestDatabase database;
    TestService service;
    private long usable;

    /** Mounts {@link #SIZE} bytes at the volume's place. */
    abstract MountedVolume mount(Path directory);

    @BeforeAll
    void startOnASmallVolume(@TempDir Path directory) throws IOException {
        mounted = mount(directory);
        database = TestDatabase.create(TestDatabase.Kind.H2);
        service = TestService.start(database, directory);
        api = service.api();
        // Directories have their first block, and the base is there, before anyone counts.
        assertThat(api.postJson("images", "{\"name\": \"base\", \"virtualSize\": \"1GiB\"}")
                        .status())
                .isEqualTo(201);
        assertThat(api.post("images/base/seal").status()).isEqualTo(200);
        usable = usable();
    }

    @AfterAll
    void stopAndUnmount() {
        service.close();
        database.close();
        mounted.close();
    }

    @AfterEach
    void everythingIsAsBefore() throws Exception {
        Files.deleteIfExists(ballast());
        new Invariants(database, service.volume()).check();
        assertThat(api.get("images").json().path("items").size()).isEqualTo(1);
        assertThat(usable()).isEqualTo(usable);
    }

    @Test
    void anAnnouncedDiskThatDoesNotFitIsRefused() {
        refusedAsFull(() -> api.upload("images?name=big", RAW, random(TOO_MUCH)), "images/big");
    }

    @Test
    void aDiskOfUnknownLengthThatDoesNotFitIsRefused() {
        byte[] disk = random(TOO_MUCH);
        BodyPublisher chunked = BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(disk));

        refusedAsFull(() -> api.upload("images?name=big", RAW, chunked), "images/big");
    }

    @Test
    void aCompressedDiskThatDoesNotFitIsRefused() throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(compressed)) {
            gzip.write(random(TOO_MUCH));
        }

        refusedAsFull(
                () -> api.upload("images?name=big", RAW, compressed.toByteArray(), "Content-Encoding", "gzip"),
                "images/big");
    }

    @Test
    void aQcow2FileThatDoesNotFitIsRefusedBeforeItIsSent(@TempDir Path elsewhere) throws IOException {
        Path raw = Files.write(elsewhere.resolve("disk.raw"), random(TOO_MUCH));
        Path disk = elsewhere.resolve("disk.qcow2");
        QemuImg.run("convert", "-O", "qcow2", raw.toString(), disk.toString());

        refusedAsFull(() -> api.upload("images?name=big", "application/x-qcow2", disk), "images/big");
    }

    @Test
    void nothingIsMadeOnAFullVolumeAndEverythingAgainOnOneWithRoom() throws IOException {
        fill();
        String clone = "{\"name\": \"clone\"}";
        refusedAsFull(() -> api.postJson("images/base/clones", clone), "images/clone");
        refusedAsFull(
                () -> api.postJson("images/base/clones", "{\"namePrefix\": \"c-\", \"count\": 50}"), "images/c-01");
        refusedAsFull(() -> api.postJson("images", "{\"name\": \"blank\", \"virtualSize\": \"1MiB\"}"), "images/blank");
        refusedAsFull(() -> api.upload("images?name=small", RAW, random(4096)), "images/small");

        Files.delete(ballast());

        assertThat(api.postJson("images/base/clones", clone).status()).isEqualTo(201);
        assertThat(api.delete("images/clone?purge=true").status()).isEqualTo(204);
    }

    @Test
    void imagesAreRemovedFromAFullVolumeToMakeRoom() throws IOException {
        assertThat(api.upload("images?name=victim", RAW, random(8 << 20)).status())
                .isEqualTo(201);
        fill();

        assertThat(api.delete("images/victim?purge=true").status()).isEqualTo(204);

        assertThat(usable()).isGreaterThan(7 << 20);
        assertThat(api.upload("images?name=next", RAW, random(4 << 20)).status())
                .isEqualTo(201);
        assertThat(api.delete("images/next?purge=true").status()).isEqualTo(204);
    }

    @FunctionalInterface
    interface Call {
        Answer make();
    }

    void refusedAsFull(Call call, String image) {
        long begin = System.nanoTime();
        Answer answer = call.make();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SECONDS);
        assertThat(answer.status()).as("%s", answer).isEqualTo(507);
        assertThat(answer.problem()).isEqualTo("volume-full");
        assertThat(answer.json().path("action").asString()).isNotEmpty();
        assertThat(api.get(image).problem()).isEqualTo("not-found");
    }

    private void fill() throws IOException {
        byte[] piece = new byte[1 << 12];
        try (OutputStream ballast = Files.newOutputStream(ballast())) {
            while (true) {
                ballast.write(piece);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    private Path ballast() {
        return service.volume().resolve("ballast");
    }

    /** What others can have, and the export of the catalogue, which comes when it comes. */
    private long usable() throws IOException {
        long exported;
        long usable;
        do {
            exported = exported();
            usable = service.bean(Volume.class).space().usable();
        } while (exported != exported());
        return usable + exported;
    }

    private long exported() throws IOException {
        Path catalogue = service.volume().resolve("catalogue");
        long block = Files.getFileStore(catalogue).getBlockSize();
        long taken = 0;
        try (DirectoryStream<Path> exports = Files.newDirectoryStream(catalogue)) {
            for (Path export : exports) {
                taken += Math.ceilDiv(Files.size(export), block) * block;
            }
        }
        return taken;
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}

class TmpfsFullDiskTests extends FullDiskTests {
    @Override
    MountedVolume mount(Path directory) {
        return MountedVolume.tmpfs(directory.resolve("volume"), "nr_inodes=100,size=" + SIZE);
    }

    /** There is space for them all, but not for so many files: nothing tells before the last of them is tried. */
    @Test
    void clonesThatFindNoRoomHalfWayAreNone() {
        refusedAsFull(
                () -> api.postJson("images/base/clones", "{\"namePrefix\": \"c-\", \"count\": 200}"), "images/c-001");
    }

    @Test
    void anImageIsRemovedWhereNoMoreNamesCanBeMade() throws IOException {
        assertThat(api.postJson("images", "{\"name\": \"victim\", \"virtualSize\": \"1MiB\"}")
                        .status())
                .isEqualTo(201);
        List<Path> ballast = takeAllNames();

        Answer cloned = api.postJson("images/base/clones", "{\"name\": \"clone\"}");
        Answer removed = api.delete("images/victim?purge=true");

        for (Path file : ballast) {
            Files.delete(file);
        }
        assertThat(cloned.problem()).isEqualTo("volume-full");
        assertThat(removed.status()).as("%s", removed).isEqualTo(204);
    }

    /** A commit makes two files, a snapshot one, before each gives a file another name. */
    @ParameterizedTest
    @CsvSource({"commit, 2", "snapshot, 1"})
    void aNewParentWhoseNameFindsNoRoomIsNone(String verb, int names) throws IOException {
        VerbChains chains = new VerbChains(service);
        String clone = "clone-for-" + verb;
        String parent = "parent-by-" + verb;
        chains.clone(clone, "base");
        byte[] file = Files.readAllBytes(chains.file(clone));
        List<Path> ballast = takeAllNames();
        for (Path one : ballast.subList(0, names)) {
            Files.delete(one);
        }

        Answer ended =
                api.postJson("images/" + clone + "/" + verb, "{\"name\": \"" + parent + "\"}", "Prefer", "wait=30");

        for (Path one : ballast.subList(names, ballast.size())) {
            Files.delete(one);
        }
        assertThat(ended.json().path("state").asString()).as("%s", ended).isEqualTo("failed");
        assertThat(ended.json().path("problem").path("type").asString()).endsWith(":volume-full");
        assertThat(api.get("images/" + parent).problem()).isEqualTo("not-found");
        assertThat(Files.readAllBytes(chains.file(clone))).isEqualTo(file);
        assertThat(chains.parent(clone)).isEqualTo("base");

        Answer again =
                api.postJson("images/" + clone + "/" + verb, "{\"name\": \"" + parent + "\"}", "Prefer", "wait=30");
        assertThat(again.json().path("state").asString()).as("%s", again).isEqualTo("succeeded");
        assertThat(chains.parent(clone)).isEqualTo(parent);
        assertThat(api.delete("images/" + clone + "?purge=true").status()).isEqualTo(204);
        assertThat(api.delete("images/" + parent + "?purge=true").status()).isEqualTo(204);
    }

    private List<Path> takeAllNames() throws IOException {
        List<Path> taken = new ArrayList<>();
        while (true) {
            Path next = service.volume().resolve("ballast-" + taken.size());
            try {
                taken.add(Files.createFile(next));
            } catch (FileSystemException e) {
                assertThat(e).hasMessageContaining("No space left");
                return taken;
            }
        }
    }
}

class Ext4FullDiskTests extends FullDiskTests {
    @Override
    MountedVolume mount(Path directory) {
        return MountedVolume.ext4(directory.resolve("ext4"), SIZE, directory.resolve("volume"));
    }
}
