package io.cowshed.rescue;

import static io.cowshed.rescue.BareVolume.record;
import static io.cowshed.rescue.BareVolume.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.rescue.BareVolume.Outcome;
import io.cowshed.rescue.BareVolume.Row;
import io.cowshed.rescue.ExportHeader.Place;
import io.cowshed.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.dao.DuplicateKeyException;

/** What a rescue makes of volumes that are not as they should be, on both databases. */
abstract class RescueTests {

    private static final Place HERE = new Place(7, new UUID(7, 7));
    private static final Place THERE = new Place(9, new UUID(9, 9));

    private TestDatabase database;
    private BareVolume volume;
    private ConfigurableApplicationContext context;

    @SuppressWarnings("NullAway.Init") // before each test
    RescueTests() {}

    abstract TestDatabase.Kind kind();

    @BeforeEach
    void make(@TempDir Path directory) throws Exception {
        database = TestDatabase.create(kind());
        volume = new BareVolume(directory);
        context = volume.open(database);
    }

    @AfterEach
    void close() {
        context.close();
        database.close();
    }

    @Test
    void withoutAnExportTheFilesTellWhatTheyKnow() throws Exception {
        UUID base = volume.image("base", null);
        UUID twin = volume.image("twin", base);
        UUID other = volume.image("twin", base);
        UUID frozen = volume.image("frozen", null);
        volume.freeze(frozen);
        UUID plain = volume.image("plain", null);

        Outcome outcome = volume.rescue(context, false);

        assertThat(outcome.exit()).as(outcome.said()).isZero();
        assertThat(outcome.said())
                .contains("! There is no whole export")
                .contains("! Image " + other + " is called twin-"
                        + other.toString().substring(28) + " now")
                .contains("Came back: 5 images (5 available, 0 in the trash, 0 in error; 2 sealed)")
                .contains("Read for their digests: 2 sealed images");
        String zeros = row(database, frozen).digest();
        assertThat(row(database, base)).isEqualTo(new Row("base", "available", true, null, zeros, null));
        assertThat(zeros).startsWith("blkhash-sha256:");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(volume.file(base))))
                .isEqualTo("r--r--r--");
        assertThat(row(database, twin)).isEqualTo(new Row("twin", "available", false, base, null, null));
        assertThat(row(database, plain).sealed()).isFalse();
    }

    @Test
    void whatIsDamagedIsInErrorAndSaysWhy() throws Exception {
        UUID base = volume.image("base", null);
        UUID leaf = volume.image("leaf", base);
        UUID torn = volume.image("torn", base);
        UUID orphan = volume.image("orphan", new UUID(5, 5));
        UUID elsewhere = volume.image("elsewhere", base);
        UUID one = volume.image("one", base);
        UUID two = volume.image("two", one);
        Files.write(volume.file(torn), new byte[512]);
        repoint(elsewhere, "/etc/passwd", "raw");
        repoint(one, two + ".qcow2", "qcow2");
        Files.writeString(volume.root().resolve("images/notes.txt"), "mine");
        Path stranger = volume.root().resolve("images/01234567-89ab-7def-8123-456789abcdef.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", stranger.toString(), "1M");
        Path link = Files.createSymbolicLink(
                volume.root().resolve("images/01234567-89ab-7def-8123-000000000000.qcow2"), volume.file(base));

        Outcome outcome = volume.rescue(context, false);

        assertThat(outcome.exit()).as(outcome.said()).isZero();
        assertThat(outcome.said())
                .contains("! images/notes.txt is left alone: it is named like no image.")
                .contains("! images/" + stranger.getFileName() + " is left alone: it does not say")
                .contains("! images/" + link.getFileName() + " is left alone: it is no regular file")
                .contains("Came back: 7 images (2 available, 0 in the trash, 5 in error; 1 sealed)");
        assertThat(stranger).exists();
        assertFault(torn, "Its file is damaged");
        assertFault(orphan, "The volume has no file of image " + new UUID(5, 5) + ", which it lies on");
        assertFault(elsewhere, "It names the backing file \"/etc/passwd\"");
        assertFault(one, "It lies on image " + two + ", which cannot be used or lies on it in turn");
        assertFault(two, "It lies on image " + one + ", which cannot be used or lies on it in turn");
        assertThat(row(database, leaf)).isEqualTo(new Row("leaf", "available", false, base, null, null));
    }

    @Test
    void aTornExportIsPassedOver() throws Exception {
        UUID image = volume.image("born", null);
        volume.export(null, HERE, ExportLine.of(record(image, "first", "available")));
        volume.export(HERE, THERE, ExportLine.of(record(image, "second", "available")));
        Path torn = volume.export(THERE, HERE, ExportLine.of(record(image, "third", "available")));
        byte[] whole = Files.readAllBytes(torn);
        Files.write(torn, Arrays.copyOf(whole, whole.length - 20));

        Outcome outcome = volume.rescue(context, false);

        assertThat(outcome.said()).contains("! catalogue/" + torn.getFileName() + ": ");
        assertThat(row(database, image).name()).isEqualTo("second");
    }

    @Test
    void aTornFullExportLeavesTheOneBefore() throws Exception {
        UUID image = volume.image("born", null);
        volume.export(null, HERE, ExportLine.of(record(image, "first", "available")));
        Path torn = volume.export(null, THERE, ExportLine.of(record(image, "second", "available")));
        byte[] whole = Files.readAllBytes(torn);
        whole[whole.length / 2] ^= 1;
        Files.write(torn, whole);
        volume.export(THERE, HERE, ExportLine.of(record(image, "third", "available")));

        Outcome outcome = volume.rescue(context, false);

        assertThat(outcome.said()).contains("! catalogue/" + torn.getFileName() + ": ");
        assertThat(row(database, image).name()).isEqualTo("first");
    }

    @Test
    void theFilesKnowBetterThanAnOldExport() throws Exception {
        UUID restored = volume.image("restored", null);
        UUID clone = volume.image("clone", restored);
        UUID trashed = volume.image("trashed", null);
        UUID gone = new UUID(6, 6);
        volume.export(
                null,
                HERE,
                ExportLine.of(record(restored, "restored", "trashed")),
                ExportLine.of(record(trashed, "trashed", "trashed")),
                ExportLine.of(record(gone, "gone", "available")));

        Outcome outcome = volume.rescue(context, false);

        assertThat(outcome.exit()).as(outcome.said()).isZero();
        assertThat(outcome.said()).contains("! Image " + gone + " (gone) has no file");
        assertThat(row(database, restored).state()).isEqualTo("available");
        assertThat(row(database, restored).sealed()).isTrue();
        assertThat(row(database, clone).parent()).isEqualTo(restored);
        assertThat(row(database, trashed).state()).isEqualTo("trashed");
    }

    /** The file of an image says already that it is the parent, which has no name yet, or a second one for the same file. */
    @Test
    void anUnfinishedSnapshotIsTheImageThatItWas() throws Exception {
        UUID parent = volume.image("parent", null);
        UUID image = volume.image("image", null);
        Files.delete(volume.file(image));
        Files.createLink(volume.file(image), volume.file(parent));
        volume.export(null, HERE, ExportLine.of(record(image, "image", "available")));

        Outcome outcome = volume.rescue(context, false);

        assertThat(outcome.said()).contains("which a snapshot was to make of it; it stays " + image);
        assertThat(BareVolume.rows(database, "true"))
                .containsExactly(new Row("image", "available", false, null, null, null));
    }

    /** As when it is killed: what it had written is gone with its transaction. */
    @Test
    void aRescueThatEndsInTheMiddleLeavesNothingAndIsRunAgain() throws Exception {
        UUID image = volume.image("born", null);
        FamilyRecord family = family(new UUID(1, 1));
        Path refused = volume.export(
                null,
                HERE,
                ExportLine.of(family),
                ExportLine.of(family(new UUID(2, 2))),
                ExportLine.of(record(image, "first", "available")));

        assertThatThrownBy(() -> volume.rescue(context, false)).isInstanceOf(DuplicateKeyException.class);

        assertThat(BareVolume.rows(database, "true")).isEmpty();
        Files.delete(refused);
        volume.export(null, HERE, ExportLine.of(family), ExportLine.of(record(image, "second", "available")));
        Outcome again = volume.rescue(context, false);
        assertThat(again.exit()).as(again.said()).isZero();
        assertThat(row(database, image).name()).isEqualTo("second");
    }

    private static FamilyRecord family(UUID id) {
        Instant now = Instant.parse("2026-01-02T03:04:05Z");
        return new FamilyRecord(id, "debian", "", Map.of(), now, "someone", now, 0);
    }

    @Test
    void aDryRunChangesNothing() throws Exception {
        UUID base = volume.image("base", null);
        volume.image("leaf", base);

        Outcome outcome = volume.rescue(context, true);

        assertThat(outcome.exit()).as(outcome.said()).isZero();
        assertThat(outcome.said())
                .contains("Would come back: 2 images (2 available, 0 in the trash, 0 in error; 1 sealed)")
                .contains("To be read for their digests: 1 sealed images")
                .contains("Nothing was changed.");
        assertThat(BareVolume.rows(database, "true")).isEmpty();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(volume.file(base))))
                .isEqualTo("rw-rw----");
    }

    private void repoint(UUID image, String backing, String format) {
        QemuImg.run(
                "rebase", "-u", "-b", backing, "-F", format, volume.file(image).toString());
    }

    private void assertFault(UUID image, String fault) throws Exception {
        Row row = row(database, image);
        assertThat(row.state()).as("%s", row).isEqualTo("error");
        assertThat(row.fault()).contains(fault);
    }
}
