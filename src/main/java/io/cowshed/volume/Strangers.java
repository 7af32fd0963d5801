package io.cowshed.volume;

import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.engine.posix.FileStatus;
import io.cowshed.engine.posix.NotRegularFileException;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files among the images that neither the catalogue nor a side name accounts for. They are moved aside, still there for
 * whoever knows them, and only when nobody works on them, no QEMU has them open and no catalogued image needs them.
 */
final class Strangers {

    private static final Logger LOG = LoggerFactory.getLogger(Strangers.class);

    private final VolumeLayout layout;
    private final DirectorySyncs syncs;
    private final Predicate<UUID> catalogued;
    private final BackingsInUse backings;

    Strangers(VolumeLayout layout, DirectorySyncs syncs, Predicate<UUID> catalogued) {
        this.layout = layout;
        this.syncs = syncs;
        this.catalogued = catalogued;
        this.backings = new BackingsInUse(layout, catalogued);
    }

    List<String> quarantine() {
        List<String> moved = new ArrayList<>();
        try (DirectoryStream<Path> names = Files.newDirectoryStream(layout.images())) {
            for (Path name : names) {
                if (isUnknown(name) && quarantine(name)) {
                    moved.add(name.getFileName().toString());
                }
            }
        } catch (IOException e) {
            throw new VolumeUnavailable("The volume cannot be searched for strangers.", e);
        }
        return moved;
    }

    private boolean isUnknown(Path name) {
        Optional<UUID> image = VolumeLayout.imageOf(name.getFileName().toString());
        return image.isEmpty() || !catalogued.test(image.get());
    }

    private boolean quarantine(Path name) throws IOException {
        try (PosixFile file = PosixFile.openForReading(name);
                FileLock _ = FileLock.fence(file);
                FileLock _ = FileLock.againstReadersAndWriters(file)) {
            // Between the first look and the fence the file may have been published, retired or replaced.
            if (!file.isAt(name) || !isUnknown(name) || hasSideName(file) || isBacking(name)) {
                return false;
            }
            String aside = name.getFileName() + "."
                    + Long.toHexString(ThreadLocalRandom.current().nextLong());
            file.link(layout.quarantine().resolve(aside));
            syncs.sync(layout.quarantine());
            Files.delete(name);
            syncs.sync(layout.images());
            LOG.warn("Moved {} to quarantine/{}: no image accounts for it", name.getFileName(), aside);
            return true;
        } catch (FileLockedException | NoSuchFileException _) {
            return false;
        } catch (NotRegularFileException e) {
            LOG.warn("Left alone among the images: {}", e.getMessage());
            return false;
        }
    }

    private boolean isBacking(Path name) throws IOException {
        Optional<UUID> image = VolumeLayout.imageOf(name.getFileName().toString());
        return image.isPresent() && backings.contains(image.get());
    }

    private boolean hasSideName(PosixFile file) throws IOException {
        return isIn(layout.incoming(), file) || isIn(layout.retired(), file);
    }

    private static boolean isIn(Path directory, PosixFile file) throws IOException {
        try (DirectoryStream<Path> names = Files.newDirectoryStream(directory)) {
            for (Path name : names) {
                Optional<FileStatus> status = PosixFile.statusOf(name);
                if (status.isPresent() && status.get().identity().equals(file.key())) {
                    return true;
                }
            }
            return false;
        }
    }
}
