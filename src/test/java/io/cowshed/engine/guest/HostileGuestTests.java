package io.cowshed.engine.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.DiskRange;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.raw.RawImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is on a disk, its free space is found or it is left alone. Damage is put where something is read, a read that is
 * picked at random, so that headers have more of it than bitmaps.
 */
class HostileGuestTests {

    private static final long MIB = 1 << 20;
    private static final int ROUNDS = Integer.getInteger("cowshed.hostile.rounds", 250);
    private static final long[] VALUES = {0, 1, -1, 2, 0x7fff_ffffL, 1L << 31, 1L << 40, 1L << 62, Long.MIN_VALUE};

    @TempDir
    private Path directory;

    private Path files = Path.of("");

    @BeforeEach
    void makeFiles() throws IOException {
        files = directory.resolve("files");
        GuestDisk.makeFiles(files, 20, 30_000);
    }

    /**
     * One bit is not what it was, and no more is free than before: by checksums, by counts, or by what is kept twice.
     *
     * <p>Of FAT12 and FAT16 this does not hold: nothing tells a boot sector that is otherwise in order from what it was.
     */
    @ParameterizedTest
    @ValueSource(strings = {"ext2", "ext3", "ext4", "bigalloc", "xfs", "xfs4", "fat32", "swap", "mbr", "gpt", "lvm"})
    void aFlippedBitFreesNothing(String kind) throws IOException {
        GuestDisk disk = make(kind);
        try (DiskImage image = new RawImage(ReadOnlyFile.open(disk.path()))) {
            PatchedImage good = new PatchedImage(image, image.virtualSize());
            List<DiskRange> free = GuestDisk.free(good);
            assertThat(free).isNotEmpty();
            int refused = 0;
            for (int round = 0; round < ROUNDS; round++) {
                Random random = new Random(round);
                PatchedImage bad = new PatchedImage(image, image.virtualSize());
                long at = place(good, random);
                bad.put(at, (byte) (good.get(at) ^ (1 << random.nextInt(8))));
                List<DiskRange> now = GuestDisk.free(bad);
                assertThat(isWithin(now, free))
                        .as("%s, round %d, a bit at %d: %s", kind, round, at, now)
                        .isTrue();
                refused += now.equals(free) ? 0 : 1;
            }
            assertThat(refused).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ext2",
                "ext3",
                "ext4",
                "bigalloc",
                "xfs",
                "xfs4",
                "fat12",
                "fat16",
                "fat32",
                "swap",
                "mbr",
                "gpt",
                "lvm"
            })
    void anyDamageIsSurvived(String kind) throws IOException {
        GuestDisk disk = make(kind);
        try (DiskImage image = new RawImage(ReadOnlyFile.open(disk.path()))) {
            PatchedImage good = new PatchedImage(image, image.virtualSize());
            assertThat(GuestDisk.free(good)).isNotEmpty();
            for (int round = 0; round < ROUNDS; round++) {
                Random random = new Random(round);
                PatchedImage bad = new PatchedImage(image, length(image, random));
                for (int pokes = 1 + random.nextInt(4); pokes > 0; pokes--) {
                    long at = place(good, random) & -4;
                    long value = random.nextBoolean() ? random.nextLong() : VALUES[random.nextInt(VALUES.length)];
                    int bytes = 1 << random.nextInt(4);
                    for (int i = 0; i < bytes; i++) {
                        bad.put(at + i, (byte) (value >>> (i * Byte.SIZE)));
                    }
                }
                assertThatCode(() -> GuestDisk.free(bad))
                        .as("%s, round %d", kind, round)
                        .doesNotThrowAnyException();
                assertThat(bad.reads().size()).isLessThan(3 * good.reads().size() + 1000);
            }
        }
    }

    private static long length(DiskImage image, Random random) {
        return random.nextInt(5) == 0 ? random.nextLong(image.virtualSize()) : image.virtualSize();
    }

    private static long place(PatchedImage good, Random random) {
        DiskRange read = good.reads().get(random.nextInt(good.reads().size()));
        return read.start() + random.nextLong(read.length());
    }

    private static boolean isWithin(List<DiskRange> ranges, List<DiskRange> outer) {
        TreeMap<Long, Long> ends = new TreeMap<>();
        outer.forEach(range -> ends.put(range.start(), range.end()));
        return ranges.stream()
                .allMatch(range -> ends.floorKey(range.start()) != null
                        && ends.floorEntry(range.start()).getValue() >= range.end());
    }

    private GuestDisk make(String kind) throws IOException {
        return switch (kind) {
            case "ext2" -> ext("-t", "ext2", "-b", "1024", "-g", "2048");
            case "ext3" -> ext("-t", "ext3", "-g", "2048");
            case "ext4" -> ext("-t", "ext4", "-g", "1024");
            case "bigalloc" -> ext("-t", "ext4", "-O", "bigalloc,^metadata_csum,^uninit_bg");
            case "xfs" -> xfs();
            case "xfs4" -> xfs("-m", "crc=0");
            case "fat12" -> fat(2, "12");
            case "fat16" -> fat(20, "16");
            case "fat32" -> fat(40, "32");
            case "swap" -> swap(10);
            case "mbr" -> partitioned("label: dos\n,10M\n,12M\n,,5\n,9M\n");
            case "gpt" -> partitioned("label: gpt\n,10M\n,12M\n");
            case "lvm" -> lvm();
            default -> throw new AssertionError(kind);
        };
    }

    private GuestDisk ext(String... options) throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("disk"), 40 * MIB);
        String[] command = {"mke2fs", "-q", "-F", "-d", files.toString()};
        disk.run(join(command, options));
        return disk;
    }

    private GuestDisk xfs(String... options) throws IOException {
        StringBuilder prototype = new StringBuilder("/\n0 0\nd--755 0 0\n");
        for (int i = 0; i < 20; i++) {
            prototype.append("f" + i + " ---644 0 0 " + files.resolve("f" + i) + "\n");
        }
        Path file = Files.writeString(directory.resolve("prototype"), prototype + "$\n");
        GuestDisk disk = GuestDisk.create(directory.resolve("disk"), 100 * MIB);
        String[] command = {"mkfs.xfs", "-q", "--unsupported", "-l", "size=8m", "-p", file.toString()};
        disk.run(join(command, options));
        return disk;
    }

    private GuestDisk fat(int mebibytes, String bits) throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("disk"), mebibytes * MIB);
        disk.run("mkfs.vfat", "-F", bits, "-s", "1", "@");
        for (int i = 0; i < 20; i++) {
            disk.run("mcopy", "-i", "@", files.resolve("f" + i).toString(), "::");
        }
        disk.run("mdel", "-i", "@", "::f3", "::f7");
        return disk;
    }

    private GuestDisk swap(int mebibytes) throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("swap"), mebibytes * MIB);
        disk.run("mkswap", "@");
        return disk;
    }

    private GuestDisk partitioned(String script) throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("partitioned"), 40 * MIB);
        Path file = Files.writeString(directory.resolve("script"), script);
        disk.run("sh", "-c", "sfdisk -q " + disk.path() + " < " + file);
        disk.put(1 * MIB, swap(10));
        GuestDisk ext = ext("-t", "ext4");
        ext.run("resize2fs", "@", "9M");
        ext.run("truncate", "-s", "9M", "@");
        disk.put(11 * MIB, ext);
        disk.put(24 * MIB, ext);
        return disk;
    }

    private GuestDisk lvm() throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("lvm"), 41 * MIB);
        String device = disk.run("losetup", "--show", "-f", "@").trim();
        try {
            String setting = "devices{use_devicesfile=0 filter=[\"a|^" + device + "$|\",\"r|.*|\"]} "
                    + "backup{backup=0 archive=0} global{locking_dir=\"" + directory + "\"}";
            String[] start = {"env", "LVM_SUPPRESS_FD_WARNINGS=1", "lvm"};
            String[] common = {"--config", setting, "--driverloaded", "n", "-qq"};
            disk.run(join(start, new String[] {"pvcreate"}, common, new String[] {device}));
            disk.run(join(start, new String[] {"vgcreate"}, common, new String[] {"vg", device}));
            disk.run(join(start, new String[] {"lvcreate"}, common, new String[] {
                "-an", "-Zn", "-Wn", "-l", "3", "-n", "swap", "vg"
            }));
        } finally {
            disk.run("losetup", "-d", device);
        }
        disk.put(1 * MIB, swap(12));
        return disk;
    }

    private static String[] join(String[]... parts) {
        List<String> all = new ArrayList<>();
        for (String[] part : parts) {
            all.addAll(List.of(part));
        }
        if (!all.contains("lvm")) {
            all.add("@");
        }
        return all.toArray(String[]::new);
    }
}
