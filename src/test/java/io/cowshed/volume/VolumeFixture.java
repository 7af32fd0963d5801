package io.cowshed.volume;

import io.cowshed.engine.qcow2.FreshImage;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/** A volume in a directory, and a catalogue that is a set of ids. */
final class VolumeFixture {

    static final int MODE = 0660;
    private static final UUID INSTALLATION = new UUID(0, 1);
    static final long SIZE = 1 << 20;

    final VolumeLayout layout;
    final Volume volume;
    final Set<UUID> rows = new HashSet<>();

    private VolumeFixture(Path root, DirectorySyncs syncs) {
        this.layout = new VolumeLayout(root);
        this.volume = new Volume(new Mount(layout, syncs, marker(layout)), MODE);
    }

    private static VolumeMarker marker(VolumeLayout layout) {
        try {
            return VolumeMarker.read(layout).orElse(new VolumeMarker(INSTALLATION, null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static VolumeFixture make(Path root) {
        Volume.open(root, MODE, INSTALLATION, false);
        return new VolumeFixture(root, DirectorySyncs.coalesced());
    }

    /** Stands in a field until a test has its own. */
    static VolumeFixture none() {
        return new VolumeFixture(Path.of("/nonexistent"), DirectorySyncs.coalesced());
    }

    /** The same volume and catalogue, with every flush of a directory passed through {@code syncs}. */
    VolumeFixture with(DirectorySyncs syncs) {
        VolumeFixture fixture = new VolumeFixture(layout.root(), syncs);
        fixture.rows.addAll(rows);
        return fixture;
    }

    /**
     * The volume as a crash of every process would leave it now: the same files under the same names, and no locks, which
     * the copies of the files never had.
     */
    VolumeFixture afterCrash(Path root) throws IOException {
        Map<Object, Path> copies = new HashMap<>();
        Files.walkFileTree(layout.root(), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                Files.createDirectories(counterpart(directory));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Path first = copies.putIfAbsent(attributes.fileKey(), counterpart(file));
                if (first == null) {
                    Files.copy(file, counterpart(file));
                } else {
                    Files.createLink(counterpart(file), first);
                }
                return FileVisitResult.CONTINUE;
            }

            private Path counterpart(Path path) {
                return root.resolve(layout.root().relativize(path));
            }
        });
        VolumeFixture copy = new VolumeFixture(root, DirectorySyncs.coalesced());
        copy.rows.addAll(rows);
        return copy;
    }

    /** A new file, filled, not published. */
    NewImageFile fresh(UUID id) throws IOException {
        NewImageFile file = volume.create(id);
        FreshImage.blank(file.file(), SIZE, 16, identity(id));
        return file;
    }

    /** A blank image with a row. */
    UUID image() throws IOException {
        UUID id = UUID.randomUUID();
        NewImageFile file = fresh(id);
        file.publish();
        rows.add(id);
        file.keep();
        return id;
    }

    /** An overlay on {@code parent}, with a row. */
    UUID overlay(UUID parent) throws IOException {
        UUID id = UUID.randomUUID();
        try (NewImageFile file = volume.create(id)) {
            FreshImage.overlay(file.file(), SIZE, 16, identity(id), Volume.backingName(parent));
            file.publish();
            rows.add(id);
            file.keep();
        }
        return id;
    }

    private static ImageIdentity identity(UUID id) {
        return new ImageIdentity(id, "image");
    }

    SweepReport sweep() {
        return volume.sweep(file -> rows.contains(file.image()), rows::contains, _ -> false);
    }

    Path path(UUID id) {
        return layout.image(id);
    }

    List<Path> incoming() throws IOException {
        return names(layout.incoming());
    }

    List<Path> retired() throws IOException {
        return names(layout.retired());
    }

    private static List<Path> names(Path directory) throws IOException {
        try (Stream<Path> names = Files.list(directory)) {
            return names.toList();
        }
    }
}
