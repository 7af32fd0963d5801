package io.cowshed.rescue;

import io.cowshed.engine.posix.FileStatus;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.rescue.RescueNotes.Found;
import io.cowshed.rescue.RescueNotes.Sizes;
import io.cowshed.volume.CataloguedFile.Disk;
import io.cowshed.volume.CataloguedFile.Seed;
import io.cowshed.volume.InspectedFile;
import io.cowshed.volume.VolumeArea;
import io.cowshed.volume.VolumeEntry;
import io.cowshed.volume.VolumeFiles;
import java.io.IOException;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Notes down what files say of themselves. Reads headers only, and changes nothing. */
final class VolumeScan {

    private static final int WRITE_BITS = 0222;
    private static final long NANOS = 1_000_000_000L;

    private final VolumeFiles files;
    private final RescueNotes notes;
    private final Report report;

    /** Second names of files that other images have: as many as snapshots were at work. */
    private final Set<UUID> second = new HashSet<>();

    VolumeScan(VolumeFiles files, RescueNotes notes, Report report) {
        this.files = files;
        this.notes = notes;
        this.report = report;
    }

    /** Goes through all images and seed disks; the export has been noted down. */
    void run() {
        files.walk(VolumeArea.IMAGES, this::image);
        second.forEach(notes::forget);
        files.walk(VolumeArea.SEEDS, this::seed);
    }

    private void seed(VolumeEntry entry) {
        if (entry.file() instanceof Seed(UUID image, long number)) {
            notes.addSeed(image, number);
        } else {
            stranger(entry, "it is named like no seed disk");
        }
    }

    private void image(VolumeEntry entry) {
        if (entry.file() instanceof Disk(UUID id)) {
            try {
                Optional<InspectedFile> file = InspectedFile.of(files.path(entry));
                if (file.isPresent()) {
                    image(entry, id, file.get());
                }
            } catch (IOException e) {
                notes.add(new Found(id, null, null, null, false, 0, 0, 0, null, "Its file cannot be read: " + e));
            }
        } else {
            stranger(entry, "it is named like no image");
        }
    }

    private void image(VolumeEntry entry, UUID id, InspectedFile file) throws IOException {
        if (!file.status().isRegular()) {
            stranger(entry, "it is no regular file");
            return;
        }
        Qcow2Header header = file.header();
        if (header == null) {
            notes.add(found(id, file, null, "Its file is damaged: " + file.fault()));
            return;
        }
        Optional<ImageIdentity> identity = file.identity();
        if (identity.isEmpty() && !notes.hasRecord(id)) {
            stranger(entry, "it does not say that it is an image of Cowshed's");
            return;
        }
        String fault = null;
        if (identity.isPresent() && !identity.get().id().equals(id)) {
            UUID other = identity.get().id();
            if (isUnfinishedSnapshot(file, other)) {
                report.problem(entry.path() + " says that it is image " + other
                        + ", which a snapshot was to make of it; it stays " + id + ".");
            } else if (notes.hasRecord(id)) {
                fault = "Its file says that it is image " + other;
            } else {
                stranger(entry, "it says that it is image " + other);
                return;
            }
        }
        notes.add(found(id, file, identity.map(ImageIdentity::name).orElse(null), fault));
    }

    /** A snapshot says in the header of an image's file that this is the parent's, before anything else shows of it. */
    private boolean isUnfinishedSnapshot(InspectedFile file, UUID parent) throws IOException {
        Optional<InspectedFile> there = InspectedFile.of(files.path(new Disk(parent)));
        boolean same = there.isPresent()
                && there.get().status().identity().equals(file.status().identity());
        if (same) {
            second.add(parent);
        }
        return there.isEmpty() || same;
    }

    private void stranger(VolumeEntry entry, String why) {
        report.problem(entry.path() + " is left alone: " + why + ".");
    }

    private static Found found(UUID id, InspectedFile file, @Nullable String born, @Nullable String fault) {
        FileStatus status = file.status();
        Qcow2Header header = file.header();
        Instant modified = status.modified();
        return new Found(
                id,
                born,
                file.backingName().orElse(null),
                file.parent().orElse(null),
                (status.mode() & WRITE_BITS) == 0,
                status.size(),
                Math.addExact(Math.multiplyExact(modified.getEpochSecond(), NANOS), modified.getNano()),
                status.allocatedSize(),
                header == null
                        ? null
                        : new Sizes(header.virtualSize(), header.geometry().clusterSize()),
                fault);
    }
}
