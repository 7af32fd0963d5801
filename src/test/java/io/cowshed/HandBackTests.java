package io.cowshed;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An image can be opened by a guest again before anyone sees that an operation on it has succeeded. */
class HandBackTests extends VerbTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Override
    protected String[] properties() {
        return new String[] {"cowshed.operations.parallel=1", "cowshed.operations.bandwidth=2MiB"};
    }

    /** At this bandwidth its copy takes half a minute; nothing else begins before that is cancelled. */
    @BeforeAll
    void makeLongWork() {
        byte[] disk = new byte[64 << 20];
        Arrays.fill(disk, (byte) 1);
        VerbChains.succeed(api.upload("images?name=long", "application/octet-stream", disk));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "redirect | {}",
                "reset    | {}",
                "snapshot | {\"name\": \"below-snapshot\"}",
                "commit   | {\"name\": \"below-commit\"}",
                "resize   | {\"virtualSize\": \"12MiB\"}",
                "check    | {\"repair\": \"all\"}",
            })
    void aGuestCanStartBeforeTheOperationHasSucceeded(String verb, String body) throws Exception {
        chains.blankBase("base-" + verb, 8 << 20);
        chains.sealedClone("middle-" + verb, "base-" + verb);
        String name = "disk-" + verb;
        chains.clone(name, "middle-" + verb);
        Path file = chains.file(name);
        Map<String, Object> before = attributes(file);

        String running = begin("images/long/copy", "{\"name\": \"copy-" + verb + "\"}");
        String operation = begin("images/" + name + "/" + verb, body);
        try (Connection other = database.connect()) {
            lockRow(other, UUID.fromString(chains.id(name)));
            VerbChains.succeed(api.post("operations/" + running + "/cancel"));

            awaitChange(file, before);
            awaitOpening(file);

            assertThat(state(operation)).isEqualTo("running");
            if (verb.equals("snapshot") || verb.equals("commit")) {
                // Its file lies on a parent that the catalogue does not know of yet: that is no damage.
                assertThat(api.get("images/" + name + "/content").problem()).isEqualTo("image-busy");
            }
            other.rollback();
        }
        assertSucceeded(api.get("operations/" + operation, "Prefer", WAIT));
    }

    private String begin(String path, String body) {
        return VerbChains.succeed(api.postJson(path, body)).json().path("id").asString();
    }

    private String state(String operation) {
        return api.get("operations/" + operation).json().path("state").asString();
    }

    /** Holds up the transaction that says what became of the image. */
    private static void lockRow(Connection connection, UUID image) throws SQLException {
        connection.setAutoCommit(false);
        try (PreparedStatement lock = connection.prepareStatement("select id from image where id = ? for update")) {
            lock.setObject(1, image);
            assertThat(lock.executeQuery().next()).isTrue();
        }
    }

    private static Map<String, Object> attributes(Path file) throws IOException {
        return Files.readAttributes(file, "unix:ino,size,lastModifiedTime,mode");
    }

    private static void awaitChange(Path file, Map<String, Object> before) {
        until(() -> !attributes(file).equals(before));
    }

    private static void awaitOpening(Path file) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            LiveQemuIo.Outcome outcome = LiveQemuIo.attempt(file, "qcow2", true);
            if (outcome.exit() == 0) {
                return;
            }
            assertThat(System.nanoTime()).as(outcome.output()).isLessThan(end);
        }
    }
}
