package io.cowshed.engine.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.DiskRange;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.OracleProcess;
import io.cowshed.engine.raw.RawImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code mkfs.xfs} makes, the kernel fills and deletes; {@code xfs_db} and {@code xfs_repair} judge. Needs root. */
class XfsFileSystemTests {

    private static final Pattern EXTENT = Pattern.compile("^ +(\\d+) +(\\d+) +(\\d+)$", Pattern.MULTILINE);
    private static final Pattern RESERVED = Pattern.compile("(\\d+):(\\d+)");

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-m crc=1",
                "-d agcount=9",
                "-b size=1024 -d agcount=3",
                "-b size=1024 -m rmapbt=1,reflink=1,inobtcount=1,bigtime=1",
                "-b size=1024 -m finobt=0,reflink=0",
                "-s size=4096",
                "-d su=64k,sw=4 -l su=64k,size=8m",
            })
    void freeIsWhatXfsDbSays(String options) throws IOException {
        GuestDisk disk = make(options);
        Path at = Files.createDirectory(directory.resolve("mounted"));
        Path files = directory.resolve("files");
        disk.run("mount", "-o", "loop", "@", at.toString());
        try {
            OracleProcess.run(List.of("cp", "-r", files.toString(), at.toString()));
            List<String> names = GuestDisk.makeFiles(at.resolve("many"), 1500, 9000);
            OracleProcess.run(List.of("sync", "-f", at.toString()));
            for (int i = 0; i < names.size(); i += 2) {
                Files.delete(at.resolve("many").resolve(names.get(i)));
            }
        } finally {
            disk.run("umount", at.toString());
        }
        assertThat(disk.free()).hasSizeGreaterThan(100).isEqualTo(freeOf(disk));
        beginsAnywhere(disk);

        disk.fillFree();
        disk.run("xfs_repair", "-n", "@");
        disk.run("mount", "-o", "loop,ro", "@", at.toString());
        try {
            assertThat(GuestDisk.assertSame(files, at.resolve("files"))).isEqualTo(40);
        } finally {
            disk.run("umount", at.toString());
        }
    }

    /** From any offset on the same is free as from the beginning, as it is looked up for a volume in several pieces. */
    private static void beginsAnywhere(GuestDisk disk) throws IOException {
        List<DiskRange> free = disk.free();
        try (DiskImage image = new RawImage(ReadOnlyFile.open(disk.path()))) {
            Area area = Area.of(image, 0, image.virtualSize());
            XfsFileSystem fileSystem = XfsFileSystem.open(area);
            for (long offset = 0; offset < area.length(); offset += area.length() / 97) {
                long from = offset;
                Area.Piece rest = new Area.Piece(from, from, area.length() - from);
                GuestRanges ranges = new GuestRanges(List.of(new FreePiece(rest, fileSystem)));
                for (DiskRange range : free) {
                    if (range.end() > from) {
                        long start = Math.max(from, range.start());
                        assertThat(ranges.next()).isEqualTo(new DiskRange(start, range.end() - start));
                    }
                }
                assertThat(ranges.next()).isNull();
            }
        } catch (LeftAloneException e) {
            throw new AssertionError(e);
        }
    }

    /** No kernel of today mounts these: files come with the making, and free space from the repair of lost inodes. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "-m crc=0 -d agcount=3",
                "-m crc=0 -b size=512 -d agcount=2",
                "-m crc=0 -n ftype=0 -l version=1",
                "-m crc=0 -i attr=1,projid32bit=0 -l lazy-count=0"
            })
    void freeIsWhatXfsDbSaysOfVersion4(String options) throws IOException {
        List<String> names = GuestDisk.makeFiles(directory.resolve("many"), 400, 9000);
        StringBuilder prototype = new StringBuilder("/\n0 0\nd--755 0 0\n");
        for (String name : names) {
            prototype.append(name + " ---644 0 0 " + directory.resolve("many").resolve(name) + "\n");
        }
        Path file = Files.writeString(directory.resolve("prototype"), prototype + "$\n");
        GuestDisk disk = make(options + " -p " + file);
        List<String> losses = new ArrayList<>(List.of("xfs_db", "-x"));
        long root = number(disk.run("xfs_db", "-r", "-c", "sb 0", "-c", "p rootino", "@"));
        for (int i = 5; i < names.size(); i += 3) {
            losses.addAll(List.of("-c", "inode " + (root + i), "-c", "write core.mode 0"));
        }
        losses.add("@");
        disk.run(losses.toArray(String[]::new));
        disk.run("xfs_repair", "@");
        assertThat(disk.free()).hasSizeGreaterThan(15).isEqualTo(freeOf(disk));

        disk.fillFree();
        disk.run("xfs_repair", "-n", "@");
    }

    @Test
    void aFreshOneIsUnderstood() throws IOException {
        GuestDisk disk = make("-d agcount=4");
        assertThat(disk.understood().kind()).isEqualTo("XFS");
        assertThat(disk.free()).isEqualTo(freeOf(disk));
    }

    /** The copy is made while it is mounted, as a power cut would leave it. */
    @Test
    void oneWhoseLogMustBeReplayedIsLeftAlone() throws IOException {
        GuestDisk disk = make("-d agcount=4");
        Path at = Files.createDirectory(directory.resolve("mounted"));
        Path copy = directory.resolve("copy.raw");
        disk.run("mount", "-o", "loop", "@", at.toString());
        try {
            Files.writeString(at.resolve("file"), "content");
            OracleProcess.run(List.of("sync", "-f", at.toString()));
            disk.run("cp", "@", copy.toString());
        } finally {
            disk.run("umount", at.toString());
        }
        assertThat(new GuestDisk(copy).reason()).isEqualTo("its log must be replayed first");
        assertThat(disk.understood().freeBytes()).isPositive();
    }

    /** The log has been gone round more than once. */
    @Test
    void aLogThatWasWrittenRoundIsUnderstood() throws IOException {
        GuestDisk disk = make("-d agcount=4 -l size=6m");
        Path at = Files.createDirectory(directory.resolve("mounted"));
        for (int round = 0; round < 3; round++) {
            disk.run("mount", "-o", "loop", "@", at.toString());
            try {
                GuestDisk.makeFiles(at.resolve("round" + round), 4000, 10);
                OracleProcess.run(
                        List.of("rm", "-r", at.resolve("round" + round).toString()));
            } finally {
                disk.run("umount", at.toString());
            }
            assertThat(disk.free()).isEqualTo(freeOf(disk));
        }
        disk.run("xfs_repair", "-L", "@");
        assertThat(disk.free()).isEqualTo(freeOf(disk));
    }

    @Test
    void otherUuidsAreUnderstood() throws IOException {
        GuestDisk disk = make("-d agcount=4");
        disk.run("xfs_admin", "-U", "generate", "@");
        assertThat(disk.free()).isEqualTo(freeOf(disk));
    }

    @Test
    void whatIsDamagedOrUnknownIsLeftAlone() throws IOException {
        GuestDisk disk = make("-d agcount=4");
        disk.run("xfs_db", "-x", "-c", "sb 0", "-c", "write -d features_incompat 0x8000000b", "@");
        assertThat(disk.reason()).contains("not understood: 0x80000000");
        disk.run("xfs_db", "-x", "-c", "sb 0", "-c", "write -d features_incompat 0x1b", "@");
        assertThat(disk.reason()).isEqualTo("it needs repair");
        disk.run("xfs_db", "-x", "-c", "sb 0", "-c", "write -d features_incompat 0xb", "@");
        assertThat(disk.understood().freeBytes()).isPositive();
        disk.run("xfs_db", "-x", "-c", "agf 2", "-c", "write -d freeblks 7", "@");
        assertThat(disk.reason()).contains("allocation group counts");
    }

    private GuestDisk make(String options) throws IOException {
        GuestDisk.makeFiles(directory.resolve("files"), 40, 50_000);
        GuestDisk disk = GuestDisk.create(directory.resolve("xfs.raw"), 160 << 20);
        List<String> command = new ArrayList<>(List.of("mkfs.xfs", "-q", "-f", "--unsupported"));
        command.addAll(List.of(options.split(" ")));
        command.add("@");
        disk.run(command.toArray(String[]::new));
        return disk;
    }

    /** What is listed as free, but for the blocks that are kept for the trees, which are listed too, one by one. */
    private static List<DiskRange> freeOf(GuestDisk disk) {
        long blockSize = number(disk.run("xfs_db", "-r", "-c", "sb 0", "-c", "p blocksize", "@"));
        long groupBlocks = number(disk.run("xfs_db", "-r", "-c", "sb 0", "-c", "p agblocks", "@"));
        long groups = number(disk.run("xfs_db", "-r", "-c", "sb 0", "-c", "p agcount", "@"));
        Set<Long> reserved = new HashSet<>();
        for (long group = 0; group < groups; group++) {
            reserved.addAll(reserved(disk, group, groupBlocks));
        }
        List<DiskRange> free = new ArrayList<>();
        Matcher extents = EXTENT.matcher(disk.run("xfs_db", "-r", "-c", "freesp -d", "@"));
        while (extents.find()) {
            long start = Long.parseLong(extents.group(1)) * groupBlocks + Long.parseLong(extents.group(2));
            long count = Long.parseLong(extents.group(3));
            if (count > 1 || !reserved.contains(start)) {
                free.add(new DiskRange(start * blockSize, count * blockSize));
            }
        }
        return GuestDisk.joined(free);
    }

    private static Set<Long> reserved(GuestDisk disk, long group, long groupBlocks) {
        String header = "agf " + group;
        long first = number(disk.run("xfs_db", "-r", "-c", header, "-c", "p flfirst", "@"));
        long count = number(disk.run("xfs_db", "-r", "-c", header, "-c", "p flcount", "@"));
        String list = disk.run("xfs_db", "-r", "-c", "agfl " + group, "-c", "p bno", "@");
        List<Long> blocks = new ArrayList<>();
        Matcher entries = RESERVED.matcher(list.replace("null", "0"));
        while (entries.find()) {
            blocks.add(Long.parseLong(entries.group(2)));
        }
        Set<Long> reserved = new HashSet<>();
        for (long i = 0; i < count; i++) {
            reserved.add(group * groupBlocks + blocks.get((int) ((first + i) % blocks.size())));
        }
        return reserved;
    }

    private static long number(String printed) {
        return Long.parseLong(printed.replaceAll("(?s).*= (\\d+).*", "$1"));
    }
}
