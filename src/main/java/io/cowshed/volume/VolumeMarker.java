package io.cowshed.volume;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file at the root of a volume that says whose it is: {@code {"installation": "<id>"}}.
 *
 * @param installation the installation that the volume belongs to
 */
record VolumeMarker(UUID installation) {

    private static final int MODE = 0644;
    private static final long MAX_SIZE = 4096;
    private static final Pattern INSTALLATION =
            Pattern.compile("\"installation\"\\s*:\\s*\"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\"");

    /** Empty when there is no marker. */
    static Optional<VolumeMarker> read(VolumeLayout layout) throws IOException {
        try (PosixFile file = PosixFile.openForReading(layout.marker())) {
            ByteBuffer content = ByteBuffer.allocate((int) Math.min(file.size(), MAX_SIZE));
            file.read(0, content);
            Matcher matcher = INSTALLATION.matcher(UTF_8.decode(content.flip()));
            if (!matcher.find()) {
                throw new IOException(layout.marker() + " names no installation");
            }
            return Optional.of(new VolumeMarker(UUID.fromString(matcher.group(1))));
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
    }

    /** Writes it, durably, unless another replica was faster: the marker then says whose it has become. */
    void write(VolumeLayout layout, DirectorySyncs syncs) throws IOException {
        Path draft = layout.root().resolve("cowshed-volume." + UUID.randomUUID() + ".tmp");
        try (PosixFile file = PosixFile.create(draft, MODE)) {
            file.write(0, ByteBuffer.wrap(("{\"installation\": \"" + installation + "\"}\n").getBytes(UTF_8)));
            file.flush();
            file.link(layout.marker());
        } catch (FileAlreadyExistsException _) {
            // Ours or not, the caller reads what is there now.
        } finally {
            Files.deleteIfExists(draft);
        }
        syncs.sync(layout.root());
    }
}
