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
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settles every side name that is nobody's work. Whoever makes, publishes or removes a file holds its fence, so what can be
 * fenced here is abandoned; the path is then looked at again, and only after that the catalogue is asked:
 *
 * <ul>
 *   <li>the image has a row: the side name goes, provided the image's own name has a file;
 *   <li>it has none: the image's own name goes, if it is this very file's, and then the side name, unless a catalogued
 *       image has the file as its backing or a QEMU has it open: then it waits for a later sweep.
 * </ul>
 */
final class Sweep {

    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

    private final VolumeLayout layout;
    private final DirectorySyncs syncs;
    private final Predicate<UUID> settled;
    private final BackingsInUse backings;
    private final List<UUID> removed = new ArrayList<>();
    private final List<UUID> spared = new ArrayList<>();

    Sweep(VolumeLayout layout, DirectorySyncs syncs, Predicate<UUID> settled, Predicate<UUID> catalogued) {
        this.layout = layout;
        this.syncs = syncs;
        this.settled = settled;
        this.backings = new BackingsInUse(layout, catalogued);
    }

    SweepReport run() {
        sweep(layout.incoming());
        sweep(layout.retired());
        return new SweepReport(removed, spared);
    }

    private void sweep(Path directory) {
        try (DirectoryStream<Path> names = Files.newDirectoryStream(directory)) {
            for (Path name : names) {
                Optional<UUID> image =
                        VolumeLayout.sideNameOf(name.getFileName().toString());
                if (image.isPresent()) {
                    sweep(name, image.get());
                }
            }
        } catch (IOException e) {
            throw new VolumeUnavailable("The directory " + directory.getFileName() + " cannot be swept.", e);
        }
    }

    /** One file that cannot be read must not keep the others from being swept. */
    private void sweep(Path sideName, UUID image) {
        try (PosixFile file = PosixFile.openForReading(sideName);
                FileLock _ = FileLock.fence(file)) {
            if (file.isAt(sideName)) {
                settle(sideName, image, file);
            }
        } catch (FileLockedException | NoSuchFileException _) {
            LOG.debug("{} is being worked on", sideName);
        } catch (NotRegularFileException e) {
            LOG.warn("Left alone, because it is none of ours: {}", e.getMessage());
        } catch (IOException e) {
            LOG.error("{} cannot be swept", sideName, e);
            spared.add(image);
        }
    }

    private void settle(Path sideName, UUID image, PosixFile file) throws IOException {
        Path own = layout.image(image);
        Optional<FileStatus> atOwnName = PosixFile.statusOf(own);
        if (settled.test(image)) {
            if (atOwnName.isEmpty()) {
                LOG.error("Image {} has lost its name; {} may be its only file and is kept", image, sideName);
                spared.add(image);
            } else if (inUse(file) && !file.isAt(own)) {
                spared.add(image);
            } else {
                Files.delete(sideName);
            }
            return;
        }
        if (backings.contains(image)) {
            LOG.warn("Image {} has no row, but may be the backing of one that has: {} is kept", image, sideName);
            spared.add(image);
            return;
        }
        if (file.isAt(own)) {
            Files.delete(own);
            syncs.sync(layout.images());
        }
        if (inUse(file)) {
            spared.add(image);
            return;
        }
        Files.delete(sideName);
        removed.add(image);
        LOG.info("Removed the file of image {}, which the catalogue does not have ({})", image, sideName.getFileName());
    }

    private static boolean inUse(PosixFile file) throws IOException {
        try {
            FileLock.againstReadersAndWriters(file).close();
            return false;
        } catch (FileLockedException _) {
            return true;
        }
    }
}
