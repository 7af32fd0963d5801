package io.cowshed.engine.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.DiskRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * LVM2 itself writes the metadata, through loop devices and without a device mapper, and says what lies where. Needs root. Two
 * physical volumes become two partitions of one disk.
 */
class LvmVolumesTests {

    private static final long MIB = 1 << 20;
    private static final long EXTENT = 4 * MIB;

    /** Where the extents of a physical volume begin in it. */
    private static final long FIRST = MIB;

    @TempDir
    private Path directory;

    private final List<String> devices = new ArrayList<>();
    private GuestDisk left = new GuestDisk(Path.of(""));
    private GuestDisk right = new GuestDisk(Path.of(""));

    @BeforeEach
    void makePhysicalVolumes() throws IOException {
        left = GuestDisk.create(directory.resolve("left.raw"), 81 * MIB);
        right = GuestDisk.create(directory.resolve("right.raw"), 41 * MIB);
        for (GuestDisk disk : List.of(left, right)) {
            devices.add(disk.run("losetup", "--show", "-f", "@").trim());
        }
    }

    @AfterEach
    void freeDevices() {
        devices.forEach(device -> left.run("losetup", "-d", device));
    }

    @Test
    void linearVolumesAndWhatBelongsToNoneAreFound() throws IOException {
        makeGroup();
        lvm("lvcreate", "-l", "5", "-n", "root", "vg", devices.get(0));
        lvm("lvcreate", "-l", "2", "-n", "swap", "vg", devices.get(0));
        lvm("lvextend", "-l", "+3", "vg/root", devices.get(1));
        lvm("lvextend", "-l", "+1", "vg/root", devices.get(0));
        assertThat(lvm("pvs", "--noheadings", "--segments", "-o", "pvseg_start,pvseg_size,lv_name")
                        .lines()
                        .map(line -> line.trim().replaceAll(" +", " "))
                        .toList())
                .containsExactly("0 5 root", "5 2 swap", "7 1 root", "8 12", "0 3 root", "3 7");
        GuestDisk swap = GuestDisk.create(directory.resolve("swap.raw"), 8 * MIB);
        swap.run("mkswap", "@");
        left.put(FIRST + 5 * EXTENT, swap);
        GuestDisk root = GuestDisk.create(directory.resolve("root.raw"), 36 * MIB);
        root.run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "@");
        GuestDisk disk = disk();
        List<long[]> pieces = List.of(
                new long[] {0, MIB + FIRST, 5 * EXTENT},
                new long[] {5 * EXTENT, 83 * MIB + FIRST, 3 * EXTENT},
                new long[] {8 * EXTENT, MIB + FIRST + 7 * EXTENT, EXTENT});
        for (long[] piece : pieces) {
            copy(root, disk, piece);
        }

        assertThat(disk.report())
                .containsExactly(
                        new GuestFinding.Understood(
                                "vg/root",
                                2 * MIB,
                                36 * MIB,
                                "ext4",
                                root.understood().freeBytes()),
                        new GuestFinding.Understood("vg/swap", 22 * MIB, 8 * MIB, "swap", 8 * MIB - 4096),
                        new GuestFinding.Understood("vg", 34 * MIB, 76 * MIB, "unallocated extents", 76 * MIB));
        List<DiskRange> expected = new ArrayList<>(List.of(
                new DiskRange(MIB + FIRST + 5 * EXTENT + 4096, 2 * EXTENT - 4096),
                new DiskRange(MIB + FIRST + 8 * EXTENT, 12 * EXTENT),
                new DiskRange(83 * MIB + FIRST + 3 * EXTENT, 7 * EXTENT)));
        for (DiskRange range : root.free()) {
            for (long[] piece : pieces) {
                long start = Math.max(range.start(), piece[0]);
                long end = Math.min(range.end(), piece[0] + piece[2]);
                if (start < end) {
                    expected.add(new DiskRange(piece[1] + start - piece[0], end - start));
                }
            }
        }
        assertThat(disk.free()).isEqualTo(GuestDisk.joined(expected));

        disk.fillFree();
        for (long[] piece : pieces) {
            copy(disk, root, new long[] {piece[1], piece[0], piece[2]});
        }
        root.run("e2fsck", "-fn", "@");
    }

    @Test
    void whatIsNotLinearIsLeftAlone() throws IOException {
        makeGroup();
        lvm("lvcreate", "-i", "2", "-l", "4", "-n", "striped", "vg");
        lvm("lvcreate", "-l", "2", "-n", "swap", "vg", devices.get(0));
        assertThat(disk().report())
                .containsExactly(
                        new GuestFinding.LeftAlone("vg/striped", MIB, 81 * MIB, "LVM2", "it is not a linear volume"),
                        new GuestFinding.LeftAlone(
                                "vg/swap", 10 * MIB, 8 * MIB, "unknown", "nothing is recognised there"),
                        new GuestFinding.Understood("vg", 18 * MIB, 96 * MIB, "unallocated extents", 96 * MIB));
    }

    @Test
    void aVolumeThatOthersBuildOnIsLeftAlone() throws IOException {
        makeGroup();
        for (String name : List.of("origin", "changes", "plain")) {
            lvm("lvcreate", "-l", "2", "-n", name, "vg", devices.get(0));
        }
        Path backup = directory.resolve("backup");
        lvm("vgcfgbackup", "-f", backup.toString(), "vg");
        String snapshot = """
                logical_volumes {
                snapshot0 {
                id = "abcdef-0000-0000-0000-0000-0000-abcdef"
                status = ["READ", "WRITE", "VISIBLE"]
                flags = []
                segment_count = 1
                segment1 {
                start_extent = 0
                extent_count = 2
                type = "snapshot"
                chunk_size = 8
                origin = "origin"
                cow_store = "changes"
                }
                }
                """;
        Files.writeString(backup, Files.readString(backup).replace("logical_volumes {\n", snapshot));
        lvm("vgcfgrestore", "-f", backup.toString(), "vg");
        GuestDisk disk = disk();
        assertThat(disk.free()).isEmpty();
        assertThat(disk.report())
                .extracting(finding -> finding.place() + ": " + ((GuestFinding.LeftAlone) finding).reason())
                .containsExactlyInAnyOrder(
                        "vg/snapshot0: it is not a linear volume",
                        "vg/origin: another volume builds on it",
                        "vg/changes: it is hidden, read-only, or in an unusual state",
                        "vg/plain: nothing is recognised there",
                        "vg: it has volumes that do not say themselves which extents they have");
    }

    @Test
    void aGroupWithPartsElsewhereIsLeftAlone() throws IOException {
        makeGroup();
        lvm("lvcreate", "-l", "2", "-n", "swap", "vg", devices.get(0));
        left.run("sync", "-f", "@");
        assertThat(left.reason()).isEqualTo("its volume group has parts on other disks");
    }

    @Test
    void twoStatesOfAGroupAreLeftAlone() throws IOException {
        makeGroup();
        GuestDisk disk = disk();
        lvm("lvcreate", "-l", "2", "-n", "swap", "vg", devices.get(0));
        left.run("sync", "-f", "@");
        disk.put(MIB, left);
        assertThat(disk.free()).isEmpty();
        assertThat(disk.report())
                .hasSize(2)
                .allSatisfy(finding ->
                        assertThat(((GuestFinding.LeftAlone) finding).reason()).contains("two states"));
    }

    @Test
    void aPhysicalVolumeWithoutAGroupIsLeftAlone() {
        lvm("pvcreate", devices.get(0));
        left.run("sync", "-f", "@");
        assertThat(left)
                .satisfies(disk ->
                        assertThat(disk.reason()).isEqualTo("it belongs to no volume group that is understood"));
    }

    /** The ring of the text has been gone round many times. */
    @Test
    void aGroupThatWasChangedOftenIsUnderstood() throws IOException {
        lvm("pvcreate", "--metadatasize", "60k", "--metadatacopies", "2", devices.get(0));
        lvm("vgcreate", "vg", devices.get(0));
        for (int i = 0; i < 18; i++) {
            lvm("lvcreate", "-l", "1", "-n", "volume" + i, "vg");
            left.run("sync", "-f", "@");
            assertThat(left.report())
                    .extracting(GuestFinding::place)
                    .hasSize(i + 2)
                    .contains("vg/volume" + i, "vg");
        }
    }

    private void makeGroup() {
        devices.forEach(device -> lvm("pvcreate", device));
        lvm("vgcreate", "vg", devices.get(0), devices.get(1));
    }

    /** Without what is on this machine, and without a device mapper. */
    private String lvm(String verb, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                "env",
                "LVM_SUPPRESS_FD_WARNINGS=1",
                "LVM_SYSTEM_DIR=" + directory,
                "lvm",
                verb,
                "--config",
                "devices{use_devicesfile=0 filter=[\"a|^" + devices.get(0) + "$|\",\"a|^" + devices.get(1)
                        + "$|\",\"r|.*|\"]} backup{backup=0 archive=0} global{locking_dir=\"" + directory + "\"}",
                "--driverloaded",
                "n",
                "-qq"));
        if (verb.equals("lvcreate")) {
            command.addAll(List.of("-an", "-Zn", "-Wn", "-y"));
        }
        command.addAll(List.of(arguments));
        return left.run(command.toArray(String[]::new))
                .lines()
                .filter(line -> !line.contains("WARNING"))
                .reduce("", (all, line) -> all + line + "\n");
    }

    /** A disk with the left one from 1 MiB on, and the right one from 83 MiB on. */
    private GuestDisk disk() throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("disk.raw"), 128 * MIB);
        Path script = Files.writeString(directory.resolve("script"), "label: dos\n1M,81M,8e\n83M,41M,8e\n");
        disk.run("sh", "-c", "sfdisk -q " + disk.path() + " < " + script);
        for (GuestDisk volume : List.of(left, right)) {
            volume.run("sync", "-f", "@");
        }
        disk.put(MIB, left);
        disk.put(83 * MIB, right);
        return disk;
    }

    /** @param piece where from, where to, and how many bytes */
    private static void copy(GuestDisk from, GuestDisk to, long[] piece) {
        from.run(
                "dd",
                "if=" + from.path(),
                "of=" + to.path(),
                "bs=64k",
                "conv=notrunc",
                "iflag=skip_bytes,count_bytes",
                "oflag=seek_bytes",
                "skip=" + piece[0],
                "seek=" + piece[1],
                "count=" + piece[2],
                "status=none");
    }
}
