package io.cowshed.engine.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.DiskRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code mke2fs} makes and fills, {@code debugfs} deletes; {@code dumpe2fs} and {@code e2fsck} judge. */
class ExtFileSystemTests {

    private static final Pattern RANGE = Pattern.compile("(\\d+)(?:-(\\d+))?");

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ext2 40961k -t ext2 -b 1024",
                "ext2 24m -t ext2 -b 1024 -r 0",
                "ext3 100m -t ext3 -b 4096",
                "ext2 90m -t ext2 -b 2048 -g 4096 -O ^sparse_super,^resize_inode",
                "ext4 200m -t ext4",
                "ext4 100m -t ext4 -g 2048",
                "ext4 60001k -t ext4 -b 1024 -I 128",
                "ext4 300m -t ext4 -b 65536 -g 2048",
                "ext4 100m -t ext4 -g 4096 -O ^flex_bg,^metadata_csum,uninit_bg",
                "ext4 100m -t ext4 -g 4096 -O ^metadata_csum,uninit_bg,^64bit",
                "ext4 100m -t ext4 -g 4096 -O ^metadata_csum,^uninit_bg",
                "ext4 100m -t ext4 -g 4096 -O ^64bit",
                "ext4 200m -t ext4 -g 2048 -O ^resize_inode,meta_bg",
                "ext4 100m -t ext4 -b 1024 -g 1024 -O ^resize_inode,meta_bg,^flex_bg",
                "ext4 100m -t ext4 -g 2048 -O sparse_super2",
                "ext4 100m -t ext4 -O bigalloc -C 16384",
                "ext4 100m -t ext4 -b 1024 -O bigalloc -C 8192",
                "ext4 100m -t ext4 -O metadata_csum_seed,inline_data,project,large_dir,ea_inode",
                "ext4 100m -t ext4 -g 2048 -E packed_meta_blocks=1",
                "ext4 100m -t ext4 -O ^has_journal,^resize_inode -G 4 -g 1024",
                "ext4 100m -t ext4 -O encrypt,casefold,verity -g 1024",
            })
    void freeIsWhatDumpe2fsSays(String variant) throws IOException {
        String[] words = variant.split(" ");
        GuestDisk disk = make(words[1], List.of(words).subList(2, words.length));
        String dump = disk.run("dumpe2fs", "@");
        assertThat(disk.understood().kind()).isEqualTo(words[0]);
        assertThat(disk.free()).hasSizeGreaterThan(4).isEqualTo(freeOf(dump));

        disk.fillFree();
        disk.run("e2fsck", "-fn", "@");
        Path out = Files.createDirectory(directory.resolve("out"));
        disk.run("debugfs", "-R", "rdump / " + out, "@");
        assertThat(GuestDisk.assertSame(directory.resolve("files"), out)).isEqualTo(40);
    }

    /** Many groups have a bitmap that was never written. */
    @Test
    void groupsWithoutABitmapAreAmongThem() throws IOException {
        GuestDisk disk = make("300m", List.of("-t", "ext4", "-g", "2048"));
        assertThat(disk.run("dumpe2fs", "@").split("BLOCK_UNINIT", -1)).hasSizeGreaterThan(10);
        assertThat(disk.understood().freeBytes()).isGreaterThan(200L << 20);
    }

    /** The tools wait for some seconds before they change one. */
    @Test
    void oneThatIsProtectedAgainstTwoMountsIsUnderstood() throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("mmp.raw"), 64 << 20);
        disk.run("mke2fs", "-q", "-F", "-t", "ext4", "-O", "mmp,quota", "@");
        assertThat(disk.free()).isNotEmpty().isEqualTo(freeOf(disk.run("dumpe2fs", "@")));
    }

    @Test
    void growingAndShrinkingKeepsItUnderstood() throws IOException {
        GuestDisk disk = make("100m", List.of("-t", "ext4", "-g", "2048"));
        disk.run("truncate", "-s", "300m", "@");
        disk.run("e2fsck", "-fp", "@");
        disk.run("resize2fs", "@");
        assertThat(disk.free()).isEqualTo(freeOf(disk.run("dumpe2fs", "@")));
        disk.run("resize2fs", "-f", "@", "150m");
        assertThat(disk.free()).isEqualTo(freeOf(disk.run("dumpe2fs", "@")));
    }

    @Test
    void whatNeedsRecoveryOrRepairIsLeftAlone() throws IOException {
        GuestDisk disk = make("40m", List.of("-t", "ext4"));
        disk.run("debugfs", "-w", "-R", "feature needs_recovery", "@");
        assertThat(disk.reason()).contains("journal must be replayed");
        disk.run("debugfs", "-w", "-R", "feature -needs_recovery", "@");
        assertThat(disk.understood().freeBytes()).isPositive();
        disk.run("debugfs", "-w", "-R", "set_super_value state 2", "@");
        assertThat(disk.reason()).contains("errors were found");
        disk.run("debugfs", "-w", "-R", "set_super_value state 0", "@");
        assertThat(disk.reason()).contains("not unmounted cleanly");
    }

    @Test
    void unknownFeaturesAndJournalsAreLeftAlone() throws IOException {
        GuestDisk disk = make("40m", List.of("-t", "ext4"));
        disk.poke(ExtSuperblock.OFFSET + 0x63, 0x40);
        assertThat(disk.reason()).contains("not understood: 0x40000000");
        disk.poke(ExtSuperblock.OFFSET + 0x63, 0, 0, 0, 0, 0x80);
        assertThat(disk.reason()).contains("not understood: 0x80000000");
        disk.run("mke2fs", "-q", "-F", "-O", "journal_dev", "@");
        assertThat(disk.reason()).contains("journal of another");
    }

    @Test
    void aBitmapThatIsNotWhatItsGroupCountsIsLeftAlone() throws IOException {
        GuestDisk disk = make("40m", List.of("-t", "ext2"));
        disk.run("debugfs", "-w", "-R", "freeb 20 3", "@");
        disk.run("debugfs", "-w", "-R", "set_block_group 0 free_blocks_count 1", "@");
        assertThat(disk.reason()).contains("count");
    }

    private GuestDisk make(String size, List<String> options) throws IOException {
        Path files = directory.resolve("files");
        List<String> names = GuestDisk.makeFiles(files, 60, 60_000);
        GuestDisk disk = GuestDisk.create(directory.resolve("ext.raw"), 1);
        disk.run("truncate", "-s", size.toUpperCase(Locale.ROOT), "@");
        List<String> command = new ArrayList<>(List.of("mke2fs", "-q", "-F", "-d", files.toString()));
        command.addAll(options);
        command.add("@");
        disk.run(command.toArray(String[]::new));
        StringBuilder script = new StringBuilder();
        for (int i = 0; i < names.size(); i += 3) {
            script.append("rm ").append(names.get(i)).append('\n');
            Files.delete(files.resolve(names.get(i)));
        }
        Path commands = Files.writeString(directory.resolve("commands"), script);
        disk.run("debugfs", "-w", "-f", commands.toString(), "@");
        return disk;
    }

    /** The lines {@code Free blocks: 5-9, 12} of each group. */
    static List<DiskRange> freeOf(String dump) {
        List<DiskRange> free = new ArrayList<>();
        long blockSize = number(dump, "Block size:");
        long clusterSize = dump.contains("Cluster size:") ? number(dump, "Cluster size:") : blockSize;
        dump.lines().filter(line -> line.startsWith("  Free blocks: ")).forEach(line -> {
            Matcher ranges = RANGE.matcher(line.substring(15));
            while (ranges.find()) {
                long first = Long.parseLong(ranges.group(1));
                long last = ranges.group(2) == null ? first : Long.parseLong(ranges.group(2));
                free.add(new DiskRange(first * blockSize, (last - first) * blockSize + clusterSize));
            }
        });
        return GuestDisk.joined(free);
    }

    private static long number(String dump, String name) {
        Matcher found =
                Pattern.compile("^" + name + " +(\\d+)", Pattern.MULTILINE).matcher(dump);
        assertThat(found.find()).isTrue();
        return Long.parseLong(found.group(1));
    }
}
