package io.cowshed.engine.guest;

import io.cowshed.engine.block.DiskImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Goes over a disk from the outside in: partitions, then volumes of LVM2, then file systems. A place where more than one thing
 * can be recognised is left alone, since nobody knows which of them is in use.
 */
final class Survey {

    private static final String WHOLE_DISK = "disk";
    private static final String UNKNOWN = "unknown";
    private static final String PARTITION_TABLE = "partition table";
    private static final String LVM = "LVM2";

    private final DiskImage disk;
    private final List<GuestFinding> findings = new ArrayList<>();
    private final List<FreePiece> pieces = new ArrayList<>();
    private final List<LvmPhysicalVolume> physicalVolumes = new ArrayList<>();

    Survey(DiskImage disk) {
        this.disk = disk;
    }

    /** Looks at everything. Once. */
    void run() throws IOException {
        if (disk.virtualSize() == 0) {
            return;
        }
        Area whole = Area.of(disk, 0, disk.virtualSize());
        try {
            List<Partition> partitions = Partitions.read(whole);
            if (partitions.isEmpty()) {
                lookAt(WHOLE_DISK, whole, true);
            } else {
                lookAtAll(partitions, whole);
            }
        } catch (LeftAloneException e) {
            leaveAlone(WHOLE_DISK, whole, PARTITION_TABLE, e.reason());
        }
        lookAtVolumes();
        pieces.sort(Comparator.comparingLong(FreePiece::diskStart));
    }

    List<GuestFinding> findings() {
        return List.copyOf(findings);
    }

    /** Where free ranges come from, in the order of the disk. They do not overlap. */
    List<FreePiece> pieces() {
        return List.copyOf(pieces);
    }

    private void lookAtAll(List<Partition> partitions, Area whole) throws IOException, LeftAloneException {
        Set<String> kinds = kinds(whole);
        LeftAloneException.unless(kinds.isEmpty(), "it has partitions, and signs of " + String.join(", ", kinds));
        for (Partition partition : partitions) {
            String place = "partition " + partition.number();
            if (partition.fault() == null) {
                lookAt(place, Area.of(disk, partition.start(), partition.length()), true);
            } else {
                findings.add(new GuestFinding.LeftAlone(
                        place, partition.start(), partition.length(), UNKNOWN, partition.fault()));
            }
        }
    }

    /** @param mayHoldVolumes whether physical volumes of LVM2 are looked into */
    private void lookAt(String place, Area area, boolean mayHoldVolumes) throws IOException {
        String kind = UNKNOWN;
        try {
            Set<String> kinds = kinds(area);
            LeftAloneException.unless(!kinds.isEmpty(), "nothing is recognised there");
            kind = String.join(", ", kinds);
            LeftAloneException.unless(kinds.size() == 1, "it has signs of more than one thing");
            FileSystem fileSystem = open(area);
            if (fileSystem != null) {
                add(place, area, fileSystem);
            } else if (kind.equals(LVM) && mayHoldVolumes) {
                LeftAloneException.unless(
                        physicalVolumes.size() < LvmVolumes.MAX_PHYSICAL,
                        "there are more physical volumes than are looked at");
                physicalVolumes.add(LvmPhysicalVolume.read(place, area));
            } else {
                throw new LeftAloneException("it is not understood");
            }
        } catch (LeftAloneException e) {
            leaveAlone(place, area, kind, e.reason());
        }
    }

    private static @Nullable FileSystem open(Area area) throws IOException, LeftAloneException {
        for (FileSystemKind kind : FileSystemKind.values()) {
            if (kind.isOn(area)) {
                return kind.open(area);
            }
        }
        return null;
    }

    /** What can be recognised in an area. */
    private static Set<String> kinds(Area area) throws IOException, LeftAloneException {
        Set<String> kinds = new LinkedHashSet<>();
        for (FileSystemKind kind : FileSystemKind.values()) {
            if (kind.isOn(area)) {
                kinds.add(kind.title());
            }
        }
        if (LvmPhysicalVolume.isOn(area)) {
            kinds.add(LVM);
        }
        for (Signature signature : Signature.FOREIGN) {
            if (signature.isOn(area)) {
                kinds.add(signature.kind());
            }
        }
        if (LinuxRaid.isOn(area)) {
            kinds.add(LinuxRaid.KIND);
        }
        return kinds;
    }

    private void add(String place, Area area, FileSystem fileSystem) throws IOException, LeftAloneException {
        long freeBytes = fileSystem.check();
        findings.add(new GuestFinding.Understood(place, area.diskStart(), area.length(), fileSystem.kind(), freeBytes));
        for (Area.Piece piece : area.pieces()) {
            pieces.add(new FreePiece(piece, fileSystem));
        }
    }

    private void leaveAlone(String place, Area area, String kind, String reason) {
        findings.add(new GuestFinding.LeftAlone(place, area.diskStart(), area.length(), kind, reason));
    }

    private void lookAtVolumes() throws IOException {
        for (LvmVolume volume : LvmVolumes.of(physicalVolumes)) {
            switch (volume) {
                case LvmVolume.Linear linear -> lookAt(linear.place(), linear.area(), false);
                case LvmVolume.Unallocated free -> addFree(free);
                case LvmVolume.LeftAlone alone -> leaveAlone(alone.place(), alone.area(), LVM, alone.reason());
            }
        }
    }

    private void addFree(LvmVolume.Unallocated free) throws IOException {
        try {
            add(free.place(), free.area(), new FreeExtents(free.area().length()));
        } catch (LeftAloneException e) {
            leaveAlone(free.place(), free.area(), LVM, e.reason());
        }
    }
}
