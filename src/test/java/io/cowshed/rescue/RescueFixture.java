package io.cowshed.rescue;

import static io.cowshed.testing.Eventually.until;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** An installation that loses its database, and a command that brings it back. */
final class RescueFixture implements AutoCloseable {

    /** What files tell by themselves, and what a rescue puts off: the ends of leases, and of the stay in the trash. */
    private static final List<String> NOT_KEPT = List.of("updatedAt", "allocatedSize", "lease", "trashedAt");

    private final TestDatabase.Kind kind;
    private final Path directory;
    private TestDatabase database;
    private @Nullable TestService service;

    RescueFixture(TestDatabase.Kind kind, Path directory) {
        this.kind = kind;
        this.directory = directory;
        this.database = TestDatabase.create(kind);
    }

    TestService start() {
        TestService started = TestService.start(database, directory);
        service = started;
        return started;
    }

    TestService service() {
        if (service == null) {
            throw new IllegalStateException("it is not running");
        }
        return service;
    }

    ApiClient api() {
        return service().api();
    }

    VerbChains chains() {
        return new VerbChains(service());
    }

    TestDatabase database() {
        return database;
    }

    Path volume() {
        return directory.resolve("volume");
    }

    /** The file of an image. */
    Path file(JsonNode image) {
        return volume().resolve(image.path("path").asString());
    }

    /** Exports what there is now. */
    void export() {
        until(() -> service().bean(CatalogueExport.class).export());
    }

    void stop() {
        service().close();
        service = null;
    }

    /** Stops the service, and has it lose its database. */
    void loseDatabase() {
        stop();
        database.close();
        database = TestDatabase.create(kind);
    }

    BareVolume.Outcome run(String command, String... options) {
        return BareVolume.run(database, directory, command, options);
    }

    /** All images by their ids, those in the trash too, as far as a rescue brings that back. */
    Map<String, JsonNode> images() {
        Map<String, JsonNode> images = new TreeMap<>();
        for (String state : List.of("available", "trashed", "error")) {
            String cursor = "";
            do {
                JsonNode page =
                        api().get("images?limit=1000&state=" + state + cursor).json();
                page.path("items").forEach(image -> images.put(image.path("id").asString(), kept(image)));
                cursor = page.path("nextCursor").isNull()
                        ? ""
                        : "&cursor=" + page.path("nextCursor").asString();
            } while (!cursor.isEmpty());
        }
        return images;
    }

    private static JsonNode kept(JsonNode image) {
        ObjectNode kept = (ObjectNode) image.deepCopy();
        kept.remove(NOT_KEPT);
        return kept;
    }

    JsonNode image(String ref) {
        return api().get("images/" + ref).json();
    }

    /** The names of the exports, oldest first. */
    List<String> exports() throws IOException {
        try (var files = Files.list(volume().resolve("catalogue"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".zst"))
                    .sorted()
                    .toList();
        }
    }

    @Override
    public void close() {
        if (service != null) {
            service.close();
        }
        database.close();
    }
}
