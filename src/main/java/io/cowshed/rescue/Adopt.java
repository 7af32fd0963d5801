package io.cowshed.rescue;

import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.RestoredImage;
import io.cowshed.database.TimeOrderedIds;
import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.posix.DirectorySync;
import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.Adoption;
import io.cowshed.engine.qcow2.IdentityChange;
import io.cowshed.engine.qcow2.ImageChain;
import io.cowshed.engine.qcow2.Qcow2Validation;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.rescue.AdoptNotes.Placed;
import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.NewImageFile;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumeArea;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Brings the disks of a directory, as qemu-img has made them, into the catalogue, and keeps the graph: each becomes an image,
 * those that others lie on are sealed. A disk is copied, or moved: then its file gets another name, and its header names its
 * parent as the volume has it. For each, after the one that it lies on:
 *
 * <pre>
 * incoming name, fenced, closed to every QEMU ‖ copied, told who it is, pointed to its parent ‖ published ‖ row ‖ incoming name removed
 * </pre>
 *
 * <p>A moved file keeps its old name until every row is committed; so whatever happens, all disks are still in the directory, and
 * the command is run again.
 */
final class Adopt {

    private final Volume volume;
    private final AdoptCatalogue catalogue;
    private final TimeOrderedIds ids;
    private final Clock clock;
    private final AdoptPlan.Limits limits;
    private final Report report;

    Adopt(
            Volume volume,
            AdoptCatalogue catalogue,
            TimeOrderedIds ids,
            Clock clock,
            AdoptPlan.Limits limits,
            Report report) {
        this.volume = volume;
        this.catalogue = catalogue;
        this.ids = ids;
        this.clock = clock;
        this.limits = limits;
        this.report = report;
    }

    /**
     * Does it, or only tells what it would do.
     *
     * @throws CommandRefused when a disk cannot be adopted: none is then
     */
    void run(Path directory, boolean move, boolean dryRun) throws IOException {
        try (AdoptNotes notes = AdoptNotes.open()) {
            Path real = directory.toRealPath();
            requireElsewhere(real, move);
            int levels = new AdoptPlan(real, move, volume, catalogue, ids, notes, limits, report).make();
            if (report.problems() > 0) {
                throw new CommandRefused(
                        report.problems() + " things are in the way; nothing was adopted.",
                        "Mend them, or move those disks elsewhere, then try again.");
            }
            long images = 0;
            for (int level = 0; level <= levels; level++) {
                for (List<Placed> page = notes.page(level, "");
                        !page.isEmpty();
                        page = notes.page(level, page.getLast().disk().file())) {
                    for (Placed placed : page) {
                        images++;
                        report.say(line(placed));
                        if (!dryRun && !placed.disk().done()) {
                            adopt(real, placed, move);
                        }
                    }
                }
            }
            if (move && !dryRun) {
                removeNames(real, notes, levels);
            }
            report.say((dryRun ? "Would be adopted: " : "Adopted: ") + images + " images"
                    + (move ? ", moved." : ", copied."));
        }
    }

    /** A file that has its name in the volume would be taken for one that an earlier run has moved, and lose it. */
    private void requireElsewhere(Path directory, boolean move) throws IOException {
        for (VolumeArea area : VolumeArea.values()) {
            Path own = volume.realRoot().resolve(area.word());
            if (area != VolumeArea.QUARANTINE && Files.exists(own) && Files.isSameFile(directory, own)) {
                throw new CommandRefused(
                        directory + " is the volume's own: what lies there is in the catalogue, or a stranger.",
                        "Move strangers out of the volume first; an audit with \"quarantine\" does.");
            }
        }
        if (move && Volume.isOfVolume(directory)) {
            throw new CommandRefused(
                    directory + " is part of the volume of another installation, whose images they would be still.",
                    "Leave --move out to copy them.");
        }
    }

    private static String line(Placed placed) {
        return placed.disk().file() + ": image " + placed.disk().name() + (placed.sealed() ? ", sealed" : "")
                + (placed.disk().backing() == null
                        ? ""
                        : ", on " + placed.disk().backing())
                + (placed.disk().done() ? ", adopted already" : "");
    }

    private void adopt(Path directory, Placed placed, boolean move) throws IOException {
        UUID id = placed.disk().id();
        Path source = directory.resolve(placed.disk().file());
        try (NewImageFile file = move ? volume.adopt(id, source) : volume.create(id)) {
            if (!move) {
                copy(source, file.file());
            }
            List<UUID> chain = catalogue.chain(placed.parent());
            Layout layout = prepare(file, placed, chain, move);
            String digest = placed.sealed() ? digest(file, chain) : null;
            file.setSealed(placed.sealed(), volume);
            ImageFileStatus status = file.publish();
            KnownDigest known = digest == null ? null : new KnownDigest(digest, FileStamp.of(status));
            catalogue.add(
                    row(placed, new Layout(layout.virtualSize(), status.allocatedSize(), layout.clusterSize()), known));
            file.keep();
        }
    }

    /** Holes stay holes. */
    private static void copy(Path source, BlockFile target) throws IOException {
        try (PosixFile file = PosixFile.openForReading(source);
                FileLock _ = FileLock.againstWriters(file)) {
            long size = file.size();
            for (long data = file.nextData(0); data < size; data = file.nextData(data)) {
                long hole = Math.min(size, file.nextHole(data));
                file.copyTo(data, hole - data, target, data);
                data = hole;
            }
            target.setSize(size);
        }
    }

    /** Proves once more what is nobody else's now, and makes it one of ours. */
    private Layout prepare(NewImageFile file, Placed placed, List<UUID> chain, boolean move) throws IOException {
        Qcow2Header header = Qcow2Validation.validate(file.file());
        ImageIdentity identity =
                new ImageIdentity(placed.disk().id(), placed.disk().name());
        if (move) {
            // There is no other: it has to be sound whenever the power goes.
            IdentityChange.write(file.file(), identity);
        } else {
            Adoption.adopt(file.file(), identity);
        }
        UUID parent = placed.parent();
        if (parent != null && !Volume.backingName(parent).equals(header.backingName())) {
            BackingResolver siblings = volume.disks().backings(chain);
            // What the old name leads to is the parent; below that names are those of the volume.
            BackingResolver resolver = (name, backing, format) -> backing.equals(header.backingName())
                    ? new BackingResolver.Backing(volume.disks().openFile(parent), ImageFormat.QCOW2)
                    : siblings.resolve(name, backing, format);
            try (WritableQcow2Image image = WritableQcow2Image.open(file.file(), resolver)) {
                image.changeBacking(Volume.backingName(parent));
            }
        }
        file.file().flush();
        return new Layout(header.virtualSize(), 0, header.geometry().clusterSize());
    }

    private String digest(NewImageFile file, List<UUID> chain) throws IOException {
        try (DiskImage disk =
                ImageChain.open(file.file(), ImageFormat.QCOW2, volume.disks().backings(chain))) {
            return ContentDigest.of(disk);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private RestoredImage row(Placed placed, Layout layout, @Nullable KnownDigest known) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        return new RestoredImage(
                placed.disk().id(),
                placed.disk().name(),
                "",
                Map.of(),
                ImageState.AVAILABLE,
                false,
                false,
                placed.parent(),
                layout,
                known,
                now,
                AdoptCatalogue.BY,
                now,
                null,
                null,
                null,
                0);
    }

    /** Of what was moved, those first that lie on others. */
    private void removeNames(Path directory, AdoptNotes notes, int levels) throws IOException {
        for (int level = levels; level >= 0; level--) {
            for (List<Placed> page = notes.page(level, "");
                    !page.isEmpty();
                    page = notes.page(level, page.getLast().disk().file())) {
                for (Placed placed : page) {
                    Path name = directory.resolve(placed.disk().file());
                    Path own = volume.files()
                            .path(new CataloguedFile.Disk(placed.disk().id()));
                    if (Files.isSameFile(name, own)) {
                        Files.delete(name);
                    }
                }
            }
        }
        new DirectorySync(directory).sync();
    }
}
