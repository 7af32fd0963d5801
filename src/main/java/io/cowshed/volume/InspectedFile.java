package io.cowshed.volume;

import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.posix.FileStatus;
import io.cowshed.engine.posix.NotRegularFileException;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.Qcow2HeaderReader;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a file says of itself, and the file system of it. Nothing is believed: no name in it was followed, and the content was
 * not looked at.
 *
 * @param status as {@code stat} has it
 * @param header null where the file is no image that can be used
 * @param fault why it is none, for people, a sentence without its full stop; null where there is a header
 */
public record InspectedFile(
        FileStatus status,
        @Nullable Qcow2Header header,
        @Nullable String fault) {

    /**
     * Inspects a file; symbolic links are not followed.
     *
     * @return empty when nothing has that name
     * @throws IOException when it is there, and cannot be read
     */
    public static Optional<InspectedFile> of(Path path) throws IOException {
        try (PosixFile file = PosixFile.openForReading(path)) {
            return Optional.of(of(file));
        } catch (NoSuchFileException _) {
            return Optional.empty();
        } catch (NotRegularFileException e) {
            return PosixFile.statusOf(path).map(status -> new InspectedFile(status, null, "It is no regular file"));
        }
    }

    static InspectedFile of(PosixFile file) throws IOException {
        FileStatus status = file.status();
        try {
            return new InspectedFile(status, Qcow2HeaderReader.read(file), null);
        } catch (ImageException e) {
            return new InspectedFile(status, null, e.getMessage());
        }
    }

    /** Which image it says it is, and under which name it was made; empty where it does not say. */
    public Optional<ImageIdentity> identity() {
        return Optional.ofNullable(header).map(Qcow2Header::identity);
    }

    /** What it names as its backing file, as it stands there; empty for nothing. */
    public Optional<String> backingName() {
        return Optional.ofNullable(header).map(Qcow2Header::backingName);
    }

    /** The image of this volume that it lies on, where its backing is named as it is to be: bare, and declared as QCOW2. */
    public Optional<UUID> parent() {
        return header != null && "qcow2".equals(header.backingFormat())
                ? backingName().flatMap(VolumeLayout::imageOf)
                : Optional.empty();
    }
}
