package io.cowshed.rescue;

import io.cowshed.database.TimeOrderedIds;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.IdentityChange;
import io.cowshed.engine.qcow2.NoRoomForIdentityException;
import io.cowshed.engine.qcow2.Qcow2Validation;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.InspectedFile;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds out what there is to adopt in a directory, and all that stands in the way of it. Changes nothing. */
final class AdoptPlan {

    private static final int MAGIC = 0x514649fb;
    private static final Pattern EXTENSION = Pattern.compile("\\.(qcow2|qcow|img)$");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    /** What QEMU takes for the name of a protocol, and not of a file: {@code json:}, {@code nbd:} and others. */
    private static final Pattern PROTOCOL = Pattern.compile("^[A-Za-z0-9+.-]+:");

    private final Path directory;
    private final boolean move;
    private final Volume volume;
    private final AdoptCatalogue catalogue;
    private final TimeOrderedIds ids;
    private final AdoptNotes notes;
    private final Limits limits;
    private final Report report;

    AdoptPlan(
            Path directory,
            boolean move,
            Volume volume,
            AdoptCatalogue catalogue,
            TimeOrderedIds ids,
            AdoptNotes notes,
            Limits limits,
            Report report) {
        this.directory = directory;
        this.move = move;
        this.volume = volume;
        this.catalogue = catalogue;
        this.ids = ids;
        this.notes = notes;
        this.limits = limits;
        this.report = report;
    }

    /**
     * What holds for every image.
     *
     * @param longestDisk in bytes
     * @param maxDepth how many images one may lie on
     */
    record Limits(long longestDisk, int maxDepth) {}

    /** Notes down all disks; what is in the way goes to the report. Answers the highest level of the graph. */
    int make() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                look(file);
            }
        } catch (DirectoryIteratorException e) {
            throw new IOException(e);
        }
        int levels = notes.order();
        notes.unplaced()
                .forEach(disk -> problem(
                        disk.file(),
                        disk.backing() != null && notes.has(disk.backing())
                                ? "its chain of backing files comes back to it, or leads to one that cannot be adopted"
                                : "its backing file " + disk.backing()
                                        + " is no QCOW2 image in this directory. Convert a raw"
                                        + " one first: qemu-img convert -O qcow2, then qemu-img rebase -u"));
        notes.doubles()
                .forEach(
                        name -> report.problem("More than one disk would be called " + name + ": rename one of them."));
        if (move) {
            // What is written to one image would be written to the other.
            notes.twins().forEach(names -> report.problem(names + " are the same file: remove one of its names."));
        } else {
            requireRoom(notes.size());
        }
        if (levels > limits.maxDepth()) {
            report.problem("The longest chain has " + levels + " images below one, and cowshed.max-depth is "
                    + limits.maxDepth() + ": raise that, or shorten the chain with qemu-img rebase.");
        }
        return levels;
    }

    /** A copy that ends for want of room is not gone on with: the names of those that were made are taken then. */
    private void requireRoom(long bytes) {
        long usable = volume.space().usable();
        if (bytes > usable) {
            report.problem("The copies take " + bytes + " bytes, and the volume has room for " + usable
                    + ": make room on it, or adopt fewer at a time.");
        }
    }

    private void look(Path path) throws IOException {
        String name = path.getFileName().toString();
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) || !isQcow2(path)) {
            report.say(name + " is left alone: it is no QCOW2 image.");
            return;
        }
        Optional<InspectedFile> file = InspectedFile.of(path);
        if (file.isEmpty()) {
            return;
        }
        Qcow2Header header = file.get().header();
        if (header == null) {
            problem(
                    name,
                    "it is damaged, or uses what Cowshed refuses: " + file.get().fault());
            return;
        }
        look(path, name, file.get(), header);
    }

    private void look(Path path, String name, InspectedFile file, Qcow2Header header) throws IOException {
        UUID known = knownAs(file);
        String wanted = EXTENSION.matcher(name).replaceFirst("");
        if (known == null) {
            check(path, name, wanted, header);
        }
        UUID parent = file.identity().isEmpty()
                ? null
                : file.parent().filter(catalogue::isAdoptedParent).orElse(null);
        String backing = file.backingName().orElse(null);
        if (known != null || parent != null) {
            // A run before this one came so far with it; what lies on the volume already is what it says.
            backing = null;
        } else if (backing != null) {
            backing = sibling(name, backing, header.backingFormat());
        }
        notes.add(new AdoptNotes.Disk(
                name,
                known == null ? ids.next() : known,
                wanted,
                backing,
                parent,
                known != null,
                file.status().allocatedSize(),
                file.status().identity().inode()));
    }

    /** The image of the catalogue whose file this is: a run before this one has moved it. */
    private @Nullable UUID knownAs(InspectedFile file) throws IOException {
        UUID id = file.identity().map(ImageIdentity::id).orElse(null);
        if (id == null || !catalogue.has(id)) {
            return null;
        }
        Optional<InspectedFile> own = InspectedFile.of(volume.files().path(new CataloguedFile.Disk(id)));
        return own.isPresent()
                        && own.get().status().identity().equals(file.status().identity())
                ? id
                : null;
    }

    private void check(Path path, String name, String wanted, Qcow2Header header) throws IOException {
        if (!NAME.matcher(wanted).matches()) {
            problem(name, "an image cannot be called " + wanted + ": rename the file");
        } else if (catalogue.hasName(wanted)) {
            problem(name, "there is an image " + wanted + " already: rename the file");
        }
        if (header.features().corrupt()) {
            problem(name, "it is marked as corrupt: mend it with qemu-img check -r all");
        }
        if (header.virtualSize() > limits.longestDisk()) {
            problem(name, "its disk of " + header.virtualSize() + " bytes is longer than cowshed.max-virtual-size");
        }
        try (PosixFile file = PosixFile.openForReading(path)) {
            Qcow2Validation.validate(file);
            if (move && NAME.matcher(wanted).matches()) {
                IdentityChange.requireRoom(file, new ImageIdentity(new UUID(0, 0), wanted));
            }
        } catch (NoRoomForIdentityException e) {
            problem(name, "its header cannot be changed by one write: adopt it as a copy, without --move");
        } catch (ImageException e) {
            problem(name, "it is not sound: " + e.getMessage());
        }
    }

    /** The file in this directory that a backing name leads to; no other is followed. */
    private String sibling(String file, String backing, @Nullable String format) {
        if (!"qcow2".equals(format)) {
            problem(
                    file,
                    "it does not declare that its backing file " + backing
                            + " is qcow2. If it is: qemu-img rebase -u -F qcow2 -b " + backing + " " + file
                            + "; a raw one has to be converted first");
        } else if (PROTOCOL.matcher(backing).lookingAt()) {
            problem(file, "its backing file " + backing + " is none in a directory");
        } else {
            Path path = directory.resolve(backing).normalize();
            if (directory.equals(path.getParent())) {
                return path.getFileName().toString();
            }
            problem(file, "its backing file " + backing + " lies outside of " + directory);
        }
        return backing;
    }

    private void problem(String file, String what) {
        report.problem(file + " cannot be adopted: " + what + ".");
    }

    private static boolean isQcow2(Path path) throws IOException {
        try (PosixFile file = PosixFile.openForReading(path)) {
            ByteBuffer magic = ByteBuffer.allocate(Integer.BYTES);
            return file.read(0, magic) == Integer.BYTES && magic.getInt(0) == MAGIC;
        }
    }
}
