package io.cowshed.engine.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.DiskRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code mkfs.vfat} makes, mtools fill and delete; {@code fsck.vfat} and {@code mshowfat} judge. */
class FatFileSystemTests {

    private static final Pattern CLUSTERS = Pattern.compile("(\\d+)/(\\d+) clusters");
    private static final Pattern CHAIN = Pattern.compile("<(\\d+)(?:-(\\d+))?>");

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "FAT12, 3M, -F 12",
        "FAT12, 7M, -F 12 -f 1 -s 4",
        "FAT16, 40M, -F 16",
        "FAT16, 90M, -F 16 -s 8 -S 1024",
        "FAT32, 150M, -F 32 -s 4",
        "FAT32, 300M, -F 32",
        "FAT32, 200M, -F 32 -s 4 -R 100 -a",
    })
    void freeIsWhatNoFileHas(String kind, String size, String options) throws IOException {
        GuestDisk disk = make(size, options);
        BitSet used = usedClusters(disk, kind);
        Matcher counts = CLUSTERS.matcher(disk.run("fsck.vfat", "-n", "@"));
        assertThat(counts.find()).isTrue();
        assertThat(used.cardinality()).isEqualTo(Integer.parseInt(counts.group(1)));
        int clusters = Integer.parseInt(counts.group(2));

        GuestFinding.Understood understood = disk.understood();
        assertThat(understood.kind()).isEqualTo(kind);
        long clusterSize = understood.freeBytes() / (clusters - used.cardinality());
        List<DiskRange> free = disk.free();
        long dataOffset = free.getLast().end() - clusters * clusterSize;
        List<DiskRange> expected = new ArrayList<>();
        for (int from = used.nextClearBit(0); from < clusters; ) {
            int to = used.nextSetBit(from) < 0 ? clusters : used.nextSetBit(from);
            expected.add(new DiskRange(dataOffset + from * clusterSize, (to - from) * clusterSize));
            from = used.nextClearBit(to);
        }
        assertThat(free).hasSizeGreaterThan(5).isEqualTo(expected);

        disk.fillFree();
        disk.run("fsck.vfat", "-n", "@");
        Path out = Files.createDirectory(directory.resolve("out"));
        disk.run("mcopy", "-s", "-n", "-i", "@", "::", out.toString());
        assertThat(GuestDisk.assertSame(directory.resolve("files"), out)).isEqualTo(40);
    }

    @Test
    void badClustersAreNotFree() throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("fat.raw"), 60 << 20);
        Path bad = Files.writeString(directory.resolve("bad"), "30000\n30001\n40000\n");
        disk.run("mkfs.vfat", "-F", "32", "-s", "1", "-l", bad.toString(), "@");
        assertThat(disk.reason()).contains("count of free clusters");
        disk.run("sh", "-c", "fsck.vfat -a " + disk.path() + "; [ $? -le 1 ]");
        assertThat(disk.free())
                .noneMatch(range -> range.start() < 30_002L << 10 && range.end() > 30_000L << 10)
                .noneMatch(range -> range.start() < 40_001L << 10 && range.end() > 40_000L << 10)
                .hasSize(3);
    }

    @Test
    void whatIsDirtyOrDamagedIsLeftAlone() throws IOException {
        GuestDisk disk = make("60M", "-F 32 -s 1");
        disk.poke(0x41, 1);
        assertThat(disk.reason()).contains("not unmounted cleanly");
        disk.poke(0x41, 2);
        assertThat(disk.reason()).contains("errors were found");
        disk.poke(0x41, 0);
        assertThat(disk.understood().freeBytes()).isPositive();
        long table = 32 * 512;
        disk.poke(table + 7, 0x07);
        assertThat(disk.reason()).contains("copies");
        disk.poke(table + 7, 0x0f);
        disk.poke(512 + 488, 1, 0, 0, 0);
        assertThat(disk.reason()).contains("count of free clusters");
    }

    private GuestDisk make(String size, String options) throws IOException {
        Path files = directory.resolve("files");
        List<String> names = GuestDisk.makeFiles(files, 60, 40_000);
        GuestDisk disk = GuestDisk.create(directory.resolve("fat.raw"), 1);
        disk.run("truncate", "-s", size, "@");
        List<String> command = new ArrayList<>(List.of("mkfs.vfat"));
        command.addAll(List.of(options.split(" ")));
        command.add("@");
        disk.run(command.toArray(String[]::new));
        List<String> copy = new ArrayList<>(List.of("mcopy", "-i", "@"));
        names.forEach(name -> copy.add(files.resolve(name).toString()));
        copy.add("::");
        disk.run(copy.toArray(String[]::new));
        List<String> delete = new ArrayList<>(List.of("mdel", "-i", "@"));
        for (int i = 0; i < names.size(); i += 3) {
            delete.add("::" + names.get(i));
            Files.delete(files.resolve(names.get(i)));
        }
        disk.run(delete.toArray(String[]::new));
        return disk;
    }

    /** The clusters of the files and, in FAT32, of the root directory, which is the first; counted from 0. */
    private BitSet usedClusters(GuestDisk disk, String kind) throws IOException {
        BitSet used = new BitSet();
        used.set(0, kind.equals("FAT32") ? 1 : 0);
        List<String> command = new ArrayList<>(List.of("mshowfat", "-i", "@"));
        try (var files = Files.list(directory.resolve("files"))) {
            files.forEach(file -> command.add("::" + file.getFileName()));
        }
        Matcher chains = CHAIN.matcher(disk.run(command.toArray(String[]::new)));
        while (chains.find()) {
            int first = Integer.parseInt(chains.group(1));
            int last = chains.group(2) == null ? first : Integer.parseInt(chains.group(2));
            used.set(first - 2, last - 1);
        }
        return used;
    }
}
