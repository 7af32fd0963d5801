package io.cowshed.rescue;

import static io.cowshed.testing.Eventually.until;
import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.rescue.BareVolume.Row;
import io.cowshed.testing.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A volume is copied by {@code scripts/backup} while it is in use, and the copy comes back, on both databases. */
abstract class BackupTests {

    private static final int CLONES = 40;

    abstract TestDatabase.Kind kind();

    @Test
    void everyImageOfABackupUnderLoadReadsAsItDidOrIsReported(@TempDir Path directory, @TempDir Path elsewhere)
            throws Exception {
        Path copy = elsewhere.resolve("volume");
        Map<String, byte[]> contents = new HashMap<>();
        String said;
        try (RescueFixture cowshed = new RescueFixture(kind(), directory)) {
            cowshed.start();
            cowshed.chains().base("base");
            cowshed.chains().sealedClone("middle", "base");
            contents.put("on-base", cowshed.chains().content("base"));
            contents.put("on-middle", cowshed.chains().content("middle"));
            clones(cowshed, "base", "on-base-first");
            clones(cowshed, "middle", "on-middle-first");
            cowshed.export();

            AtomicBoolean over = new AtomicBoolean();
            AtomicBoolean begun = new AtomicBoolean();
            try (ExecutorService workers = Executors.newFixedThreadPool(2)) {
                Future<?> comeAndGo = workers.submit(() -> comeAndGo(cowshed, over, begun));
                Future<?> change = workers.submit(() -> change(cowshed, over));
                try {
                    while (!begun.get() && !comeAndGo.isDone()) {
                        Thread.onSpinWait();
                    }
                    said = backup(cowshed.volume(), copy, "");
                } finally {
                    over.set(true);
                }
                comeAndGo.get();
                change.get();
            }
        }

        try (TestDatabase database = TestDatabase.create(kind())) {
            BareVolume.Outcome outcome = BareVolume.run(database, elsewhere, "rescue");
            assertThat(outcome.exit()).as(outcome.said()).isZero();
            assertRead(database, copy, contents, said + outcome.said());
        }
    }

    /** The list of names is made, and the first file is about to get a second one. */
    @Test
    void anImageThatIsSnapshotMeanwhileComesBack(@TempDir Path directory, @TempDir Path elsewhere) throws Exception {
        Path copy = elsewhere.resolve("volume");
        Path listed = elsewhere.resolve("listed");
        Path on = elsewhere.resolve("on");
        byte[] content;
        String said;
        try (RescueFixture cowshed = new RescueFixture(kind(), directory)) {
            cowshed.start();
            cowshed.chains().base("base");
            cowshed.chains().clone("work", "base");
            cowshed.chains().write("work", "write -P 7 0 64k");
            content = cowshed.chains().content("work");
            cowshed.export();
            Path programs = Files.createDirectory(elsewhere.resolve("bin"));
            Path ln = Files.writeString(
                    programs.resolve("ln"),
                    "#!/bin/bash\n[ -e %1$s ] || { mkfifo %2$s; touch %1$s; read -r _ < %2$s; }\nexec /bin/ln \"$@\"\n"
                            .formatted(listed, on));
            Files.setPosixFilePermissions(ln, PosixFilePermissions.fromString("rwxr-xr-x"));
            try (ExecutorService worker = Executors.newSingleThreadExecutor()) {
                Future<String> backup = worker.submit(() -> backup(cowshed.volume(), copy, programs + ":"));
                until(() -> Files.exists(listed));
                succeed(cowshed.api().postJson("images/work/snapshot", "{\"name\": \"monday\"}", "Prefer", "wait=30"));
                Files.writeString(on, "\n");
                said = backup.get();
            }
        }

        try (TestDatabase database = TestDatabase.create(kind())) {
            BareVolume.Outcome outcome = BareVolume.run(database, elsewhere, "rescue");
            assertThat(BareVolume.rows(database, "true"))
                    .as(said + outcome.said())
                    .allSatisfy(row -> assertThat(row.state()).isEqualTo("available"))
                    .extracting(Row::name)
                    .contains("work");
            Path file = copy.resolve("images").resolve(id(database, "work") + ".qcow2");
            assertThat(QemuImg.content(file, "qcow2")).isEqualTo(content);
        }
    }

    private static void clones(RescueFixture cowshed, String parent, String prefix) {
        succeed(cowshed.api()
                .postJson(
                        "images/" + parent + "/clones",
                        "{\"namePrefix\": \"" + prefix + "-\", \"count\": " + CLONES + "}"));
    }

    private static void comeAndGo(RescueFixture cowshed, AtomicBoolean over, AtomicBoolean begun) {
        for (int round = 0; !over.get(); round++) {
            succeed(cowshed.api().postJson("images/base/clones", "{\"name\": \"on-base-" + round + "\"}"));
            succeed(cowshed.api().postJson("images/middle/clones", "{\"name\": \"on-middle-" + round + "\"}"));
            begun.set(true);
            if (round > 4) {
                succeed(cowshed.api().delete("images/on-base-" + (round - 3) + "?purge=true"));
            }
        }
    }

    /** Images that are not sealed are changed in place, and lie on another parent then. */
    private static void change(RescueFixture cowshed, AtomicBoolean over) {
        for (int number = 1; number <= CLONES && !over.get(); number++) {
            String name = "on-middle-first-" + (number < 10 ? "0" : "") + number;
            succeed(cowshed.api()
                    .post("images/" + name + (number % 2 == 0 ? "/redirect" : "/split"), "Prefer", "wait=30"));
        }
    }

    /** Answers what the script says: the files whose copies are worth nothing are among it. */
    private static String backup(Path volume, Path copy, String programs) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder("scripts/backup", volume.toString(), copy.toString()).redirectErrorStream(true);
        builder.environment().merge("PATH", programs, (path, more) -> more + path);
        Process backup = builder.start();
        String said = new String(backup.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(backup.waitFor()).as(said).isIn(0, 3);
        try (Stream<Path> left = Files.list(volume)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .as("what the script leaves on the volume")
                    .noneMatch(name -> name.startsWith("backup"));
        }
        return said;
    }

    private static void assertRead(TestDatabase database, Path copy, Map<String, byte[]> contents, String said)
            throws Exception {
        List<Row> rows = BareVolume.rows(database, "true");
        assertThat(rows).hasSizeGreaterThanOrEqualTo(2 + 2 * CLONES);
        long read = 0;
        for (Row row : rows) {
            if (!row.state().equals("available")) {
                assertThat(said).contains("(" + row.name() + ") is in state " + row.state());
            } else if (row.name().startsWith("on-")) {
                Path file = copy.resolve("images").resolve(id(database, row.name()) + ".qcow2");
                if (said.contains(file.getFileName().toString())) {
                    continue;
                }
                String kind = row.name().startsWith("on-base") ? "on-base" : "on-middle";
                assertThat(QemuImg.content(file, "qcow2")).as(row.name()).isEqualTo(contents.get(kind));
                read++;
            }
        }
        assertThat(read).as(said).isGreaterThanOrEqualTo(CLONES);
    }

    private static UUID id(TestDatabase database, String name) throws Exception {
        try (var connection = database.connect();
                var statement = connection.createStatement();
                var found = statement.executeQuery("select id from image where live_name = '" + name + "'")) {
            assertThat(found.next()).isTrue();
            return found.getObject(1, UUID.class);
        }
    }
}
