package io.cowshed.volume;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.posix.NotRegularFileException;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.Qcow2HeaderReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that catalogued ones have as their backing, by what the files themselves say: the last check before a file is
 * taken away, in case the catalogue knows less than the volume. All headers are read once, when first asked.
 */
final class BackingsInUse {

    private static final Logger LOG = LoggerFactory.getLogger(BackingsInUse.class);

    private final VolumeLayout layout;
    private final Predicate<UUID> catalogued;
    private final Set<String> backings = new HashSet<>();
    private boolean readAll;
    private boolean complete;

    BackingsInUse(VolumeLayout layout, Predicate<UUID> catalogued) {
        this.layout = layout;
        this.catalogued = catalogued;
    }

    /** Whether a catalogued file has a file of this name as its backing, by whatever path, or one cannot be asked. */
    boolean contains(String fileName) throws IOException {
        if (!readAll) {
            complete = true;
            DirectoryNames.each(layout.images(), this::read);
            readAll = true;
        }
        return !complete || backings.contains(fileName);
    }

    private void read(Path name) throws IOException {
        Optional<UUID> image = VolumeLayout.imageOf(name.getFileName().toString());
        if (image.isPresent()) {
            complete &= read(name, image.get());
        }
    }

    private boolean read(Path name, UUID image) throws IOException {
        try (BlockFile file = PosixFile.openForReading(name)) {
            String backing = Qcow2HeaderReader.read(file).backingName();
            if (backing != null) {
                String backingFile = backing.substring(backing.lastIndexOf('/') + 1);
                if (!backings.contains(backingFile) && catalogued.test(image)) {
                    backings.add(backingFile);
                }
            }
            return true;
        } catch (NoSuchFileException _) {
            return true;
        } catch (ImageException | NotRegularFileException e) {
            if (!catalogued.test(image)) {
                return true;
            }
            LOG.error("The backing of image {} cannot be read, so no file is removed: {}", image, e.getMessage());
            return false;
        }
    }
}
