package io.cowshed.rescue;

import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.FreshImage;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.rescue.ExportHeader.Kind;
import io.cowshed.rescue.ExportHeader.Place;
import io.cowshed.testing.TestDatabase;
import io.cowshed.volume.InspectedFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.json.JsonMapper;

/** A volume as a service leaves it, made by hand, and the command that works on it. */
final class BareVolume {

    static final UUID INSTALLATION = UUID.fromString("11111111-2222-4333-8444-555555555555");

    private static final long SIZE = 4 << 20;
    private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678901Z");

    private final Path directory;
    private long exports;
    private long images;

    BareVolume(Path directory) throws IOException {
        this.directory = directory;
        for (String part : List.of("images", "seeds", "incoming", "retired", "catalogue")) {
            Files.createDirectories(root().resolve(part));
        }
        belongTo(INSTALLATION);
    }

    /** Marks it as that installation's. */
    void belongTo(UUID installation) throws IOException {
        Files.writeString(root().resolve("cowshed-volume.json"), "{\"installation\": \"" + installation + "\"}\n");
    }

    /** What a command has said, and its exit code. */
    record Outcome(int exit, String said) {}

    /** A row of the catalogue. */
    record Row(
            String name,
            String state,
            boolean sealed,
            @Nullable UUID parent,
            @Nullable String digest,
            @Nullable String fault) {}

    Path root() {
        return directory.resolve("volume");
    }

    Path file(UUID image) {
        return root().resolve("images").resolve(image + ".qcow2");
    }

    /** A file of an image that is called so; ids grow. */
    UUID image(String name, @Nullable UUID parent) throws IOException {
        UUID id = new UUID(0x0190_0000_0000_7000L + (++images << 16), 0x8000_0000_0000_0000L | images);
        try (PosixFile file = PosixFile.create(file(id), 0660)) {
            ImageIdentity identity = new ImageIdentity(id, name);
            if (parent == null) {
                FreshImage.blank(file, SIZE, 16, identity);
            } else {
                FreshImage.overlay(file, SIZE, 16, identity, parent + ".qcow2");
            }
        }
        return id;
    }

    /** The names that files say they were made with, under the name of the image that they say they are. */
    List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        try (var files = Files.list(root().resolve("images"))) {
            for (Path path : files.toList()) {
                ImageIdentity identity =
                        InspectedFile.of(path).orElseThrow().identity().orElseThrow();
                if (path.getFileName().toString().equals(identity.id() + ".qcow2")) {
                    names.add(identity.name());
                }
            }
        }
        return names;
    }

    void freeze(UUID image) throws IOException {
        Files.setPosixFilePermissions(file(image), PosixFilePermissions.fromString("r--r--r--"));
    }

    /** What an export would say of it. */
    static ImageRecord record(UUID id, String name, String state) {
        return new ImageRecord(
                id,
                name,
                "",
                Map.of(),
                state,
                false,
                false,
                false,
                null,
                null,
                null,
                TIME,
                "someone",
                TIME,
                state.equals("trashed") ? TIME : null,
                null,
                null,
                null,
                3);
    }

    /** Writes a full export, or with a header's place, what has changed since. */
    Path export(@Nullable Place after, Place upTo, ExportLine... lines) throws IOException {
        Kind kind = after == null ? Kind.FULL : Kind.CHANGES;
        Path file = root().resolve("catalogue").resolve(new ExportName(++exports, kind).toString());
        try (OutputStream out = Files.newOutputStream(file);
                ExportWriter writer = new ExportWriter(out, new JsonMapper())) {
            writer.write(ExportLine.of(new ExportHeader(
                    ExportHeader.FORMAT, kind, exports, 0, INSTALLATION, TIME, after, upTo, 1, 1, "")));
            for (ExportLine line : lines) {
                writer.write(line);
            }
            writer.end();
        }
        return file;
    }

    /** The whole command, as the process would run it. */
    static Outcome run(TestDatabase database, Path directory, String command, String... options) {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of(options));
        arguments.addAll(properties(database, directory));
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        int exit = new OfflineCommand(new PrintStream(said, true, StandardCharsets.UTF_8))
                .run(arguments.toArray(String[]::new));
        return new Outcome(exit, said.toString(StandardCharsets.UTF_8));
    }

    private static List<String> properties(TestDatabase database, Path directory) {
        List<String> properties = new ArrayList<>();
        for (String property : database.properties()) {
            properties.add("--" + property);
        }
        properties.add("--cowshed.data-dir=" + directory.resolve("data"));
        properties.add("--cowshed.volume=" + directory.resolve("volume"));
        return properties;
    }

    /** The parts that commands need, for many of them. */
    ConfigurableApplicationContext open(TestDatabase database) {
        return OfflineCommand.start(properties(database, directory).toArray(String[]::new));
    }

    Outcome rescue(ConfigurableApplicationContext context, boolean dryRun) throws IOException {
        return told(command -> command.rescue(context, dryRun));
    }

    Outcome adopt(ConfigurableApplicationContext context, Path disks, boolean move, boolean dryRun) throws IOException {
        return told(command -> command.adopt(context, disks, move, dryRun));
    }

    @FunctionalInterface
    private interface Use {
        void of(OfflineCommand command) throws IOException;
    }

    private static Outcome told(Use use) throws IOException {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
        int exit = 0;
        try {
            use.of(new OfflineCommand(out));
        } catch (CommandRefused e) {
            out.println(e.getMessage());
            exit = 1;
        }
        return new Outcome(exit, said.toString(StandardCharsets.UTF_8));
    }

    /** The row of an image. */
    static Row row(TestDatabase database, UUID image) throws SQLException {
        return rows(database, "id = '" + image + "'").getFirst();
    }

    static List<Row> rows(TestDatabase database, String condition) throws SQLException {
        List<Row> rows = new ArrayList<>();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("select * from image where " + condition + " order by id")) {
            while (found.next()) {
                rows.add(new Row(
                        found.getString("name"),
                        found.getString("state"),
                        found.getBoolean("sealed"),
                        found.getObject("parent_id", UUID.class),
                        found.getString("digest"),
                        found.getString("fault")));
            }
        }
        return rows;
    }
}
