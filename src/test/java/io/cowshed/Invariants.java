package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is true of rows and files whenever nobody is at work, read past the service. */
public final class Invariants {

    private record Row(
            String name,
            String state,
            boolean sealed,
            @Nullable UUID parent) {}

    private final TestDatabase database;
    private final Path volume;

    public Invariants(TestDatabase database, Path volume) {
        this.database = database;
        this.volume = volume;
    }

    /** Rows and files are each other's, names have one holder, and no child lacks its sealed parent. */
    public void check() throws SQLException, IOException {
        Map<UUID, Row> rows = rows();
        Set<String> names = new HashSet<>();
        Set<String> files = new TreeSet<>();
        for (Map.Entry<UUID, Row> entry : rows.entrySet()) {
            Row row = entry.getValue();
            files.add(entry.getKey() + ".qcow2");
            assertThat(row.state()).as("state of %s", row).isIn("available", "trashed");
            assertThat(row.state().equals("trashed") || names.add(row.name()))
                    .as("%s is unique", row)
                    .isTrue();
            if (row.parent() != null) {
                Row parent = rows.get(row.parent());
                assertThat(parent != null && parent.sealed() && parent.state().equals("available"))
                        .as("the parent of %s is there, sealed and available", row)
                        .isTrue();
            }
        }
        assertThat(names("images")).isEqualTo(files);
        assertThat(names("seeds")).isEqualTo(seeds());
        assertThat(names("incoming")).isEmpty();
        assertThat(names("retired")).isEmpty();
        for (Map.Entry<UUID, Row> entry : rows.entrySet()) {
            Path file = file(entry.getKey());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .as("mode of %s", entry.getValue())
                    .isEqualTo(entry.getValue().sealed() ? "r--r--r--" : "rw-rw----");
        }
    }

    /** In the judgement of qemu-img, every file is whole and has the file of its row's parent as its backing. */
    public void checkFiles() throws SQLException {
        rows().forEach((id, row) -> {
            Path file = file(id);
            QemuImg.run("check", file.toString());
            String info = QemuImg.run("info", file.toString());
            if (row.parent() == null) {
                assertThat(info).doesNotContain("backing file:");
            } else {
                assertThat(info).contains("backing file: " + row.parent() + ".qcow2");
            }
        });
    }

    private Path file(UUID image) {
        return volume.resolve("images").resolve(image + ".qcow2");
    }

    private Set<String> names(String part) throws IOException {
        try (Stream<Path> files = Files.list(volume.resolve(part))) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private Set<String> seeds() throws SQLException {
        Set<String> seeds = new TreeSet<>();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("select image_id, file_number from image_seed")) {
            while (found.next()) {
                seeds.add(
                        found.getString("image_id") + "." + Long.toHexString(found.getLong("file_number")) + ".qcow2");
            }
        }
        return seeds;
    }

    private Map<UUID, Row> rows() throws SQLException {
        Map<UUID, Row> rows = new HashMap<>();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("select id, name, state, sealed, parent_id from image")) {
            while (found.next()) {
                rows.put(
                        found.getObject("id", UUID.class),
                        new Row(
                                found.getString("name"),
                                found.getString("state"),
                                found.getBoolean("sealed"),
                                found.getObject("parent_id", UUID.class)));
            }
        }
        return rows;
    }
}
