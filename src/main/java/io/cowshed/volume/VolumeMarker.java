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
import org.jspecify.annotations.Nullable;

/**
 * The file at the root of a volume that says whose it is, and which: {@code {"installation": "<id>", "volume": "<id>"}}. The
 * directory that a volume is mounted on may be one itself, made by a start that found nothing mounted.
 *
 * @param installation the installation that the volume belongs to
 * @param volume made with the volume; null where an early build made it
 */
record VolumeMarker(UUID installation, @Nullable UUID volume) {

    private static final int MODE = 0644;
    private static final long MAX_SIZE = 4096;
    private static final Pattern INSTALLATION = idOf("installation");
    private static final Pattern VOLUME = idOf("volume");

    private static Pattern idOf(String member) {
        return Pattern.compile("\"" + member + "\"\\s*:\\s*\"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\"");
    }

    /** Empty when there is no marker. */
    static Optional<VolumeMarker> read(VolumeLayout layout) throws IOException {
        try (PosixFile file = PosixFile.openForReading(layout.marker())) {
            return Optional.of(of(file));
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
    }

    /** What a marker says. */
    static VolumeMarker of(PosixFile file) throws IOException {
        ByteBuffer content = ByteBuffer.allocate((int) Math.min(file.size(), MAX_SIZE));
        file.read(0, content);
        CharSequence text = UTF_8.decode(content.flip());
        Matcher installation = INSTALLATION.matcher(text);
        if (!installation.find()) {
            throw new IOException(file.name() + " names no installation");
        }
        Matcher volume = VOLUME.matcher(text);
        return new VolumeMarker(
                UUID.fromString(installation.group(1)), volume.find() ? UUID.fromString(volume.group(1)) : null);
    }

    /** Writes it, durably, unless another replica was faster: the marker then says whose it has become. */
    void write(VolumeLayout layout, DirectorySyncs syncs) throws IOException {
        Path draft = layout.root().resolve("cowshed-volume." + UUID.randomUUID() + ".tmp");
        try (PosixFile file = PosixFile.create(draft, MODE)) {
            file.write(
                    0,
                    ByteBuffer.wrap(("{\"installation\": \"" + installation + "\", \"volume\": \"" + volume + "\"}\n")
                            .getBytes(UTF_8)));
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
