package io.cowshed.volume;

import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.engine.posix.FileStatus;
import io.cowshed.engine.posix.NotRegularFileException;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
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
 *   <li>an operation is to make the image's file: all stays as it is, because the operation's next attempt goes on from there;
 *   <li>the file's image (or for a seed disk, this very one) has a row: the side name goes, provided there is a file at its
 *       own name;
 *   <li>it has none: the own name goes, if it is this very file's, and then the side name, unless a catalogued image may have
 *       the file as its backing, which takes that it has been published, or a QEMU has it open: then it waits for a later sweep.
 * </ul>
 */
final class Sweep {

    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

    private final Mount mount;
    private final VolumeLayout layout;
    private final DirectorySyncs syncs;
    private final Predicate<CataloguedFile> settled;
    private final Predicate<UUID> awaited;
    private final BackingsInUse backings;
    private final List<UUID> removed = new ArrayList<>();
    private final List<UUID> spared = new ArrayList<>();

    Sweep(Mount mount, Predicate<CataloguedFile> settled, Predicate<UUID> catalogued, Predicate<UUID> awaited) {
        this.mount = mount;
        this.layout = mount.layout();
        this.syncs = mount.syncs();
        this.settled = settled;
        this.awaited = awaited;
        this.backings = new BackingsInUse(layout, catalogued);
    }

    /** Of the side names of such files. */
    SweepReport run(Predicate<CataloguedFile> files) {
        mount.require();
        sweep(layout.incoming(), files);
        sweep(layout.retired(), files);
        return new SweepReport(removed, spared);
    }

    private void sweep(Path directory, Predicate<CataloguedFile> files) {
        try {
            DirectoryNames.each(directory, name -> {
                Optional<CataloguedFile> file =
                        VolumeLayout.sideNameOf(name.getFileName().toString());
                if (file.filter(files).isPresent()) {
                    sweep(name, file.get());
                }
            });
        } catch (IOException e) {
            throw mount.failure("The directory " + directory.getFileName() + " cannot be swept.", e);
        }
    }

    /** One file that cannot be read must not keep the others from being swept. */
    private void sweep(Path sideName, CataloguedFile catalogued) {
        try (PosixFile file = PosixFile.openForReading(sideName);
                FileLock _ = FileLock.fence(file)) {
            if (file.isAt(sideName)) {
                settle(sideName, catalogued, file);
            }
        } catch (FileLockedException | NoSuchFileException _) {
            LOG.debug("{} is being worked on", sideName);
        } catch (NotRegularFileException e) {
            LOG.warn("Left alone, because it is none of ours: {}", e.getMessage());
        } catch (IOException e) {
            LOG.error("{} cannot be swept", sideName, e);
            spared.add(catalogued.image());
        }
    }

    private void settle(Path sideName, CataloguedFile catalogued, PosixFile file) throws IOException {
        UUID image = catalogued.image();
        if (awaited.test(image)) {
            LOG.debug("{} is left to an operation", sideName);
            spared.add(image);
            return;
        }
        Path own = layout.own(catalogued);
        Optional<FileStatus> atOwnName = PosixFile.statusOf(own);
        if (settled.test(catalogued)) {
            if (atOwnName.isEmpty()) {
                LOG.error("A file of image {} has lost its name; {} may be the only one and is kept", image, sideName);
                spared.add(image);
            } else if (inUse(file) && !file.isAt(own)) {
                spared.add(image);
            } else {
                Files.delete(sideName);
            }
            return;
        }
        // One in the making has never been anybody's: all that other files say need not be known for it to go.
        boolean isOrWasNamed = atOwnName.isPresent() || sideName.startsWith(layout.retired());
        if (catalogued instanceof CataloguedFile.Disk
                && isOrWasNamed
                && backings.contains(VolumeLayout.imageName(image))) {
            LOG.warn("Image {} has no row, but may be the backing of one that has: {} is kept", image, sideName);
            spared.add(image);
            return;
        }
        if (file.isAt(own)) {
            Files.delete(own);
            syncs.sync(layout.directory(catalogued));
        }
        if (inUse(file)) {
            spared.add(image);
            return;
        }
        Files.delete(sideName);
        removed.add(image);
        LOG.info("Removed a file of image {}, which the catalogue does not have ({})", image, sideName.getFileName());
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
