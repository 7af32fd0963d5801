package io.cowshed.volume;

import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.OutOfSpaceException;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes sure at start that the volume is there, is ours, and can do what is asked of it. A directory becomes a volume only
 * while the catalogue has no images; later an empty one means that something is not mounted.
 */
final class VolumeCheck {

    private static final Logger LOG = LoggerFactory.getLogger(VolumeCheck.class);

    private static final String ALIEN_NAME = "lost+found";
    private static final int PROBE_MODE = 0600;

    private final VolumeLayout layout;
    private final DirectorySyncs syncs;

    VolumeCheck(VolumeLayout layout, DirectorySyncs syncs) {
        this.layout = layout;
        this.syncs = syncs;
    }

    /**
     * Returns the volume's marker.
     *
     * @throws UnusableVolume when the service cannot start with it
     */
    VolumeMarker run(UUID installation, boolean anyImage) {
        try {
            requireDirectory(anyImage);
            Optional<VolumeMarker> marker = VolumeMarker.read(layout);
            if (marker.isEmpty()) {
                found(installation, anyImage);
                marker = VolumeMarker.read(layout);
            }
            requireOurs(marker.orElseThrow(), installation);
            makeDirectories(anyImage);
            probe();
            return marker.orElseThrow();
        } catch (IOException e) {
            throw new UnusableVolume(
                    "The volume " + layout.root() + " cannot be used: " + e + ".",
                    "Cowshed needs to read and write it, on a file system with hard links and byte-range locks:"
                            + " check how it is mounted and who owns it.",
                    e);
        }
    }

    /** @throws UnusableVolume when it is no volume */
    static VolumeMarker requireMarker(VolumeLayout layout) {
        try {
            return VolumeMarker.read(layout)
                    .orElseThrow(() -> new UnusableVolume(
                            layout.root() + " is no volume of Cowshed's: it has no marker "
                                    + layout.marker().getFileName() + ".",
                            "Mount the volume, or set cowshed.volume to where it is mounted.",
                            null));
        } catch (IOException e) {
            throw new UnusableVolume(
                    "The volume " + layout.root() + " cannot be used: " + e + ".",
                    "Check how it is mounted and who owns it.",
                    e);
        }
    }

    private void requireDirectory(boolean anyImage) throws IOException {
        if (Files.isDirectory(layout.root())) {
            return;
        }
        if (Files.exists(layout.root())) {
            throw unusable("is not a directory.", "Set cowshed.volume to a directory.");
        }
        if (anyImage) {
            throw unusable("does not exist.", "Mount it, or set cowshed.volume to where it is mounted.");
        }
        Path parent = layout.root().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw unusable(
                    "does not exist, and neither does the directory it would be in.",
                    "Make that directory, or set cowshed.volume to another one.");
        }
        makeDirectory(layout.root());
        syncs.sync(parent);
    }

    private void found(UUID installation, boolean anyImage) throws IOException {
        if (anyImage) {
            throw unusable(
                    "has no marker " + layout.marker().getFileName() + ", and the catalogue has images.",
                    "Mount the volume, or set cowshed.volume to where it is mounted.");
        }
        if (!isEmpty()) {
            throw unusable(
                    "is no volume of Cowshed's, and not empty.", "Set cowshed.volume to a new or an empty directory.");
        }
        new VolumeMarker(installation, UUID.randomUUID()).write(layout, syncs);
        LOG.info("Made a new volume at {}", layout.root());
    }

    /** Another replica may just be making its marker. */
    private boolean isEmpty() throws IOException {
        return !DirectoryNames.any(
                        layout.root(), name -> !name.equals(ALIEN_NAME) && !name.startsWith("cowshed-volume."))
                || Files.exists(layout.marker());
    }

    private void requireOurs(VolumeMarker marker, UUID installation) {
        if (!marker.installation().equals(installation)) {
            throw unusable(
                    "belongs to installation " + marker.installation() + ", and the database to " + installation + ".",
                    "Set spring.datasource.url (or cowshed.data-dir) and cowshed.volume to a pair that belongs"
                            + " together.");
        }
    }

    private void makeDirectories(boolean anyImage) throws IOException {
        if (anyImage && !Files.isDirectory(layout.images())) {
            throw unusable(
                    "has no directory " + layout.images().getFileName() + ", and the catalogue has images.",
                    "Restore the volume from a backup, or mount the right one.");
        }
        for (Path directory :
                List.of(layout.images(), layout.seeds(), layout.incoming(), layout.retired(), layout.catalogue())) {
            makeDirectory(directory);
        }
        syncs.sync(layout.root());
    }

    private static void makeDirectory(Path directory) throws IOException {
        try {
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
    }

    /** Does once, for show, what every new file needs. A full volume is used all the same: how else would room be made on it? */
    private void probe() throws IOException {
        try {
            makeAndLink();
        } catch (OutOfSpaceException e) {
            LOG.warn("The volume {} has no room for as much as a file of one byte", layout.root(), e);
        }
    }

    private void makeAndLink() throws IOException {
        Path first = layout.incoming().resolve("probe-" + UUID.randomUUID());
        Path second = layout.retired().resolve(first.getFileName());
        try (PosixFile file = PosixFile.create(first, PROBE_MODE);
                FileLock _ = FileLock.fence(file)) {
            file.write(0, ByteBuffer.wrap(new byte[1]));
            file.flush();
            file.link(second);
            syncs.sync(layout.retired());
        } finally {
            Files.deleteIfExists(first);
            Files.deleteIfExists(second);
        }
    }

    private UnusableVolume unusable(String problem, String remedy) {
        return new UnusableVolume("The volume " + layout.root() + " " + problem, remedy, null);
    }
}
