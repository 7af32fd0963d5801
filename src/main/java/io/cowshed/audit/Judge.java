package io.cowshed.audit;

import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Inventory;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.InspectedFile;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumeArea;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What is wrong with a file, by what its row says. Touches nothing. */
final class Judge {

    private static final int MAX_NAME = 500;

    private final Volume volume;
    private final OptionalInt groupOfImages;
    private final OptionalInt groupOfSeeds;

    /** For one audit: what the directories give their files is read once. */
    Judge(Volume volume) {
        this.volume = volume;
        this.groupOfImages = volume.files().groupOf(VolumeArea.IMAGES);
        this.groupOfSeeds = volume.files().groupOf(VolumeArea.SEEDS);
    }

    /**
     * What is wrong with the disk of an image.
     *
     * @param file null for none
     */
    List<Finding> disk(Inventory.Entry row, @Nullable InspectedFile file) {
        List<Finding> found = new ArrayList<>();
        if (row.state() == ImageState.CREATING) {
            return found;
        }
        Report report = new Report(row, Volume.relativePath(row.id()), found);
        if (file == null) {
            report.add(FindingKind.FILE_MISSING, "It is not there.");
        } else if (file.header() == null) {
            report.add(FindingKind.NOT_AN_IMAGE, "It is no image that can be used: " + file.fault() + ".");
        } else {
            content(row, file, file.header(), report);
        }
        if (row.fault() != null) {
            // The catalogue says so already.
            boolean damaged = found.removeIf(finding -> finding.kind().isDamage());
            if (!damaged) {
                report.add(FindingKind.RECOVERED, "It is as it should be, although the catalogue says: " + row.fault());
            }
        }
        if (file != null) {
            access(file, volume.modeOf(row.sealed()), groupOfImages, report);
        }
        return found;
    }

    /**
     * What is wrong with the seed disk of an image.
     *
     * @param file null for none
     */
    List<Finding> seed(Inventory.Entry row, CataloguedFile.Seed seed, @Nullable InspectedFile file) {
        List<Finding> found = new ArrayList<>();
        Report report = new Report(row, seed.relativePath(), found);
        if (file == null) {
            report.add(FindingKind.FILE_MISSING, "The seed disk is not there.");
        } else {
            if (file.header() == null) {
                report.add(FindingKind.NOT_AN_IMAGE, "The seed disk cannot be used: " + file.fault() + ".");
            }
            access(file, volume.modeOf(false), groupOfSeeds, report);
        }
        return found;
    }

    private record Report(Inventory.Entry row, String file, List<Finding> found) {

        void add(FindingKind kind, String detail) {
            found.add(new Finding(kind, row.id(), row.name(), file, detail));
        }
    }

    private static void content(Inventory.Entry row, InspectedFile file, Qcow2Header header, Report report) {
        ImageIdentity identity = file.identity().orElse(null);
        if (identity == null) {
            report.add(
                    FindingKind.NO_IDENTITY,
                    "It does not say which image it is: another program may have put it there in place of the image's.");
        } else if (!identity.id().equals(row.id())) {
            report.add(
                    FindingKind.WRONG_IMAGE,
                    "It says that it is image " + identity.id() + ", made as \"" + identity.name() + "\".");
        }
        if (header.features().corrupt()) {
            report.add(FindingKind.CORRUPT, "It is marked as corrupt.");
        }
        if (header.features().dirty()) {
            report.add(FindingKind.DIRTY, "It was not closed in good order.");
        }
        if (header.virtualSize() != row.virtualSize()) {
            report.add(
                    FindingKind.VIRTUAL_SIZE,
                    "Its disk has " + header.virtualSize() + " bytes, and by the catalogue " + row.virtualSize() + ".");
        }
        parent(row, file, report);
    }

    private static void parent(Inventory.Entry row, InspectedFile file, Report report) {
        String name = file.backingName().orElse(null);
        UUID parent = file.parent().orElse(null);
        if (name != null && parent == null) {
            report.add(
                    FindingKind.BACKING_NAME,
                    "It lies on \"" + cut(name)
                            + "\", which is not the bare name of a file beside it, declared as qcow2; by the catalogue it"
                            + " lies on " + word(row.parent()) + ".");
        } else if (!Objects.equals(parent, row.parent())) {
            report.add(
                    FindingKind.PARENT,
                    "It lies on " + word(parent) + ", and by the catalogue on " + word(row.parent()) + ".");
        }
    }

    private static void access(InspectedFile file, int mode, OptionalInt group, Report report) {
        if (!file.status().isRegular()) {
            return;
        }
        int found = file.status().permissions();
        if (found != mode) {
            report.add(
                    FindingKind.MODE,
                    "Its permissions are " + Integer.toOctalString(found) + ", and should be "
                            + Integer.toOctalString(mode) + ".");
        }
        if (group.isPresent() && file.status().group() != group.getAsInt()) {
            report.add(
                    FindingKind.GROUP,
                    "It belongs to group " + file.status().group() + ", and its directory gives " + group.getAsInt()
                            + ".");
        }
    }

    private static String word(@Nullable UUID image) {
        return image == null ? "nothing" : "image " + image;
    }

    private static String cut(String text) {
        return text.length() <= MAX_NAME ? text : text.substring(0, MAX_NAME - 1) + "…";
    }
}
