package io.cowshed.rescue;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.database.Installation;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.rescue.BareVolume.Outcome;
import io.cowshed.rescue.BareVolume.Row;
import io.cowshed.testing.MountedVolume;
import io.cowshed.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Chains that qemu-img has made come into the catalogue as they are, or not at all; on both databases. */
abstract class AdoptTests {

    private TestDatabase database;
    private BareVolume volume;
    private Path disks;
    private ConfigurableApplicationContext context;

    @SuppressWarnings("NullAway.Init") // before each test
    AdoptTests() {}

    abstract TestDatabase.Kind kind();

    @TempDir
    private Path directory;

    @BeforeEach
    void make() throws Exception {
        database = TestDatabase.create(kind());
        volume = new BareVolume(directory);
        context = volume.open(database);
        volume.belongTo(context.getBean(Installation.class).id());
        disks = Files.createDirectory(directory.resolve("disks"));
    }

    @AfterEach
    void close() {
        context.close();
        database.close();
    }

    @Test
    void copiesOfDisksKeepTheGraphAndTheContent() throws Exception {
        chain();
        Map<String, byte[]> before = contents();

        Outcome dry = adopt("--dry-run");
        assertThat(dry.exit()).as(dry.said()).isZero();
        assertThat(dry.said())
                .contains("leaf.qcow2: image leaf, on middle.qcow2", "Would be adopted: 4 images, copied.");
        assertThat(BareVolume.rows(database, "true")).isEmpty();
        Outcome outcome = adopt();

        assertThat(outcome.exit()).as(outcome.said()).isZero();
        assertAdopted(before);
        Map<String, byte[]> after = contents();
        before.forEach((file, content) -> assertThat(after.get(file)).as(file).isEqualTo(content));
        Outcome again = adopt();
        assertThat(again.exit()).as(again.said()).isEqualTo(1);
        assertThat(again.said()).contains("! base.qcow2 cannot be adopted: there is an image base already");
    }

    @Test
    void movedDisksAreTheSameFiles() throws Exception {
        chain();
        Map<String, byte[]> before = contents();
        Object key = Files.getAttribute(disks.resolve("base.qcow2"), "unix:ino");

        Outcome outcome = adopt("--move");

        assertThat(outcome.exit()).as(outcome.said()).isZero();
        assertAdopted(before);
        assertThat(Files.getAttribute(volume.file(id("base")), "unix:ino")).isEqualTo(key);
        try (Stream<Path> left = Files.list(disks)) {
            assertThat(left).containsExactly(disks.resolve("readme.txt"));
        }
    }

    /** As a kill leaves it at its worst: some are in the catalogue, one is half done, and none has lost its name. */
    @Test
    void aMoveThatWasBrokenOffIsGoneOnWith() throws Exception {
        chain();
        Map<String, byte[]> before = contents();
        Path kept = Files.createDirectory(disks.resolveSibling("kept"));
        try (Stream<Path> all = Files.list(disks)) {
            for (Path disk : all.toList()) {
                Files.createLink(kept.resolve(disk.getFileName()), disk);
            }
        }
        assertThat(adopt("--move").exit()).isZero();
        UUID leaf = id("leaf");
        Files.delete(volume.file(leaf));
        execute("update image set child_count = child_count - 1 where id = (select parent_id from image where id = '"
                + leaf + "')");
        execute("delete from image where id = '" + leaf + "'");
        try (Stream<Path> all = Files.list(kept)) {
            for (Path disk : all.toList()) {
                if (Files.notExists(disks.resolve(disk.getFileName()))) {
                    Files.createLink(disks.resolve(disk.getFileName()), disk);
                }
            }
        }

        Outcome outcome = adopt("--move");

        assertThat(outcome.exit()).as(outcome.said()).isZero();
        assertThat(outcome.said()).contains("base.qcow2: image base, adopted already");
        assertAdopted(before);
        assertThat(disks.resolve("leaf.qcow2")).doesNotExist();
    }

    /** Their old names would be their only ones. */
    @Test
    void filesOfTheVolumeItselfAreNotMoved() throws Exception {
        chain();
        assertThat(adopt("--move").exit()).isZero();
        Path link = Files.createSymbolicLink(
                disks.resolveSibling("link"), volume.root().resolve("images"));

        for (Path directory : List.of(volume.root().resolve("images"), link)) {
            Outcome outcome = volume.adopt(context, directory, true, false);
            assertThat(outcome.exit()).as(outcome.said()).isEqualTo(1);
            assertThat(outcome.said()).contains("is the volume's own");
        }
        assertThat(volume.file(id("leaf"))).exists();
        assertThat(volume.file(id("base"))).exists();
    }

    @Test
    void imagesOfAnotherInstallationAreCopiedAndNotMoved() throws Exception {
        Path other = Files.createDirectories(directory.resolve("other/images"));
        Files.copy(volume.root().resolve("cowshed-volume.json"), other.resolveSibling("cowshed-volume.json"));
        disks = other;
        create("one.qcow2");

        Outcome outcome = adopt("--move");

        assertThat(outcome.exit()).as(outcome.said()).isEqualTo(1);
        assertThat(outcome.said()).contains("of another installation", "Leave --move out");
        assertThat(other.resolve("one.qcow2")).exists();
        assertThat(adopt().exit()).isZero();
    }

    /** What is written to one of them would be written to the other. */
    @Test
    void twoNamesOfOneFileAreNotMadeTwoImages() throws Exception {
        create("one.qcow2");
        Files.createLink(disks.resolve("two.qcow2"), disks.resolve("one.qcow2"));

        Outcome outcome = adopt("--move");

        assertThat(outcome.exit()).as(outcome.said()).isEqualTo(1);
        assertThat(outcome.said()).contains("one.qcow2 and two.qcow2 are the same file");
        assertThat(BareVolume.rows(database, "true")).isEmpty();
        Outcome copied = adopt();
        assertThat(copied.exit()).as(copied.said()).isZero();
        assertThat(volume.file(id("one"))).isNotEqualTo(volume.file(id("two")));
    }

    /** Its file would be that of two images. */
    @Test
    void whatHasGoneToTheTrashMeanwhileIsNotMovedAgain() throws Exception {
        create("one.qcow2");
        Path kept = disks.resolveSibling("kept.qcow2");
        Files.createLink(kept, disks.resolve("one.qcow2"));
        assertThat(adopt("--move").exit()).isZero();
        Files.createLink(disks.resolve("one.qcow2"), kept);
        execute("update image set state = 'trashed', live_name = null, trashed_at = created_at where name = 'one'");

        Outcome outcome = adopt("--move");

        assertThat(outcome.exit()).as(outcome.said()).isZero();
        assertThat(BareVolume.rows(database, "true")).hasSize(1);
        assertThat(volume.file(id("one"))).exists();
        assertThat(disks.resolve("one.qcow2")).doesNotExist();
    }

    @Test
    void copiesThatTheVolumeHasNoRoomForAreNotBegun() throws Exception {
        create("small.qcow2");
        create("large.qcow2");
        write("large.qcow2", "write -P 7 0 4M");
        try (MountedVolume _ = MountedVolume.tmpfs(volume.root(), "size=2m")) {
            BareVolume tight = new BareVolume(directory);
            tight.belongTo(context.getBean(Installation.class).id());

            Outcome outcome = tight.adopt(context, disks, false, false);

            assertThat(outcome.exit()).as(outcome.said()).isEqualTo(1);
            assertThat(outcome.said()).contains("! The copies take", "make room on it, or adopt fewer at a time");
        }
        assertThat(BareVolume.rows(database, "true")).isEmpty();
        assertThat(adopt().exit()).isZero();
    }

    /** More than a sector would have to change, of which a power cut may leave a part; of a copy there is another. */
    @Test
    void aFileWhoseHeaderCannotBeChangedAtOnceIsOnlyCopied() throws Exception {
        create("low.qcow2");
        overlay("high.qcow2", "./".repeat(200) + "low.qcow2", "qcow2");
        byte[] before = Files.readAllBytes(disks.resolve("high.qcow2"));

        Outcome refused = adopt("--move");

        assertThat(refused.exit()).as(refused.said()).isEqualTo(1);
        assertThat(refused.said())
                .contains("! high.qcow2 cannot be adopted: its header cannot be changed by one write");
        assertThat(disks.resolve("high.qcow2")).hasBinaryContent(before);
        Outcome copied = adopt();
        assertThat(copied.exit()).as(copied.said()).isZero();
    }

    @Test
    void whatCannotBeAdoptedIsNamedAndNothingIsDone() throws Exception {
        create("good.qcow2");
        Path outside = disks.resolveSibling("outside.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", outside.toString(), "4M");
        QemuImg.run("create", "-q", "-f", "raw", disks.resolve("raw.img").toString(), "4M");
        overlay("on-outside.qcow2", "../outside.qcow2", "qcow2");
        overlay("on-raw.qcow2", "raw.img", "raw");
        overlay("on-json.qcow2", "good.qcow2", "qcow2");
        rebase("on-json.qcow2", "json:{\"driver\":\"null-co\"}", "qcow2");
        overlay("undeclared.qcow2", "good.qcow2", "qcow2");
        rebase("undeclared.qcow2", "good.qcow2", "raw");
        overlay("missing.qcow2", "good.qcow2", "qcow2");
        rebase("missing.qcow2", "gone.qcow2", "qcow2");
        overlay("one.qcow2", "good.qcow2", "qcow2");
        overlay("two.qcow2", "one.qcow2", "qcow2");
        rebase("one.qcow2", "two.qcow2", "qcow2");
        create("bad name.qcow2");
        create("good.img");
        QemuImg.run(
                "create",
                "-q",
                "-f",
                "qcow2",
                "-o",
                "data_file=" + disks.resolve("data.raw"),
                disks.resolve("external.qcow2").toString(),
                "1M");
        Files.write(disks.resolve("torn.qcow2"), new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3});

        for (String option : List.of("--move", "--dry-run")) {
            Outcome outcome = adopt(option);
            assertThat(outcome.exit()).as(outcome.said()).isEqualTo(1);
            assertThat(outcome.said())
                    .contains("! on-outside.qcow2 cannot be adopted: its backing file ../outside.qcow2 lies outside of")
                    .contains("! on-raw.qcow2 cannot be adopted: it does not declare")
                    .contains("! on-json.qcow2 cannot be adopted: its backing file json:")
                    .contains("! undeclared.qcow2 cannot be adopted: it does not declare")
                    .contains("! missing.qcow2 cannot be adopted: its backing file gone.qcow2 is no QCOW2 image")
                    .contains("! one.qcow2 cannot be adopted: its chain of backing files comes back to it")
                    .contains("! two.qcow2 cannot be adopted: its chain of backing files comes back to it")
                    .contains("! bad name.qcow2 cannot be adopted: an image cannot be called bad name")
                    .contains("More than one disk would be called good")
                    .contains("! external.qcow2 cannot be adopted: it is damaged, or uses what Cowshed refuses")
                    .contains("! torn.qcow2 cannot be adopted")
                    .contains("nothing was adopted");
        }
        assertThat(BareVolume.rows(database, "true")).isEmpty();
        assertThat(disks.resolve("good.qcow2")).exists();
    }

    /** base ← middle ← leaf, by a relative name and an absolute one, and a disk that stands alone. */
    private void chain() throws IOException {
        create("base.qcow2");
        write("base.qcow2", "write -P 1 0 2M");
        overlay("middle.qcow2", "./base.qcow2", "qcow2");
        write("middle.qcow2", "write -P 2 64k 64k");
        overlay("leaf.qcow2", disks.resolve("middle.qcow2").toString(), "qcow2");
        write("leaf.qcow2", "write -P 3 128k 64k");
        create("alone.img");
        Files.writeString(disks.resolve("readme.txt"), "mine");
    }

    private void assertAdopted(Map<String, byte[]> before) throws Exception {
        UUID base = id("base");
        UUID middle = id("middle");
        assertThat(BareVolume.rows(database, "true")).hasSize(4);
        assertThat(row("base").sealed()).isTrue();
        assertThat(row("middle"))
                .isEqualTo(
                        new Row("middle", "available", true, base, row("middle").digest(), null));
        assertThat(row("leaf")).isEqualTo(new Row("leaf", "available", false, middle, null, null));
        assertThat(row("alone")).isEqualTo(new Row("alone", "available", false, null, null, null));
        for (String name : List.of("base", "middle", "leaf", "alone")) {
            String file = name + (name.equals("alone") ? ".img" : ".qcow2");
            assertThat(QemuImg.content(volume.file(id(name)), "qcow2")).as(name).isEqualTo(before.get(file));
            assertThat(QemuImg.check(volume.file(id(name))).getOrDefault("corruptions", 0L))
                    .isZero();
        }
        assertThat(QemuImg.run("info", volume.file(id("leaf")).toString()))
                .contains("backing file: " + middle + ".qcow2");
        try (Stream<Path> incoming = Files.list(volume.root().resolve("incoming"))) {
            assertThat(incoming).isEmpty();
        }
        // Who they are is in the files.
        assertThat(volume.names()).containsExactlyInAnyOrder("base", "middle", "leaf", "alone");
    }

    private Outcome adopt(String... options) throws IOException {
        List<String> given = List.of(options);
        return volume.adopt(context, disks, given.contains("--move"), given.contains("--dry-run"));
    }

    private Row row(String name) throws Exception {
        return BareVolume.row(database, id(name));
    }

    private UUID id(String name) throws Exception {
        try (var connection = database.connect();
                var statement = connection.createStatement();
                var found = statement.executeQuery("select id from image where name = '" + name + "'")) {
            assertThat(found.next()).as(name).isTrue();
            return found.getObject(1, UUID.class);
        }
    }

    private void execute(String sql) throws Exception {
        try (var connection = database.connect();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private Map<String, byte[]> contents() throws IOException {
        Map<String, byte[]> contents = new HashMap<>();
        for (String file : List.of("base.qcow2", "middle.qcow2", "leaf.qcow2", "alone.img")) {
            contents.put(file, QemuImg.content(disks.resolve(file), "qcow2"));
        }
        return contents;
    }

    private void create(String file) {
        QemuImg.run("create", "-q", "-f", "qcow2", disks.resolve(file).toString(), "4M");
    }

    private void overlay(String file, String backing, String format) {
        QemuImg.run(
                "create",
                "-q",
                "-f",
                "qcow2",
                "-b",
                backing,
                "-F",
                format,
                disks.resolve(file).toString());
    }

    private void rebase(String file, String backing, String format) {
        QemuImg.run(
                "rebase", "-u", "-b", backing, "-F", format, disks.resolve(file).toString());
    }

    private void write(String file, String command) {
        QemuIo.run(disks.resolve(file), "qcow2", List.of(command));
    }
}
