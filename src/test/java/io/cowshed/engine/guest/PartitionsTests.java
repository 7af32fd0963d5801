package io.cowshed.engine.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.DiskRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code sfdisk} and {@code sgdisk} make the tables. Swap stands for all that may be in a partition. */
class PartitionsTests {

    private static final long MIB = 1 << 20;

    @TempDir
    private Path directory;

    @Test
    void swapIsFreeButForItsHeader() throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("swap.raw"), 20 * MIB);
        disk.run("mkswap", "@");
        assertThat(disk.understood())
                .isEqualTo(new GuestFinding.Understood("disk", 0, 20 * MIB, "swap", 20 * MIB - 4096));
        assertThat(disk.free()).containsExactly(new DiskRange(4096, 20 * MIB - 4096));
        disk.run("mkswap", "-p", "65536", "@");
        assertThat(disk.free()).containsExactly(new DiskRange(65_536, 20 * MIB - 65_536));
        disk.poke(65_526, 'S', '1', 'S', 'U', 'S', 'P', 'E', 'N', 'D', 0);
        assertThat(disk.reason()).isEqualTo("nothing is recognised there");
    }

    @Test
    void aHibernatedGuestIsLeftAlone() throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("swap.raw"), 20 * MIB);
        disk.run("mkswap", "@");
        disk.poke(4086, 'S', '1', 'S', 'U', 'S', 'P', 'E', 'N', 'D', 0);
        assertThat(disk.report()).singleElement().isInstanceOfSatisfying(GuestFinding.LeftAlone.class, alone -> {
            assertThat(alone.kind()).isEqualTo("hibernated guest");
            assertThat(alone.reason()).isEqualTo("it is not understood");
        });
    }

    @Test
    void primaryAndLogicalPartitionsAreFound() throws IOException {
        GuestDisk disk = partitioned("label: dos\n,10M,82\n,10M,82\n,,5\n,10M,82\n,15M,82\n");
        putSwap(disk, 1 * MIB, 10);
        putSwap(disk, 11 * MIB, 10);
        putSwap(disk, 22 * MIB, 10);
        putSwap(disk, 33 * MIB, 15);
        assertThat(disk.report()).containsExactly(swap(1, 1, 10), swap(2, 11, 10), swap(5, 22, 10), swap(6, 33, 15));
        assertThat(disk.free()).containsExactly(free(1, 10), free(11, 10), free(22, 10), free(33, 15));
    }

    @Test
    void gptPartitionsAreFoundWhoeverWroteThem() throws IOException {
        GuestDisk disk = partitioned("label: gpt\n,10M,S\n,10M,L\n");
        putSwap(disk, 1 * MIB, 10);
        assertThat(disk.report())
                .containsExactly(swap(1, 1, 10), alone(2, 11, 10, "unknown", "nothing is recognised there"));
        disk.run("sgdisk", "-o", "-n", "5:0:+7M", "-n", "2:0:+3M", "@");
        assertThat(disk.report())
                .containsExactly(
                        alone(2, 8, 3, "unknown", "nothing is recognised there"),
                        alone(5, 1, 7, "swap", "it says that it is longer than the place it is in"));
    }

    @Test
    void aReportHasAnEndAndWhatComesAfterItIsLookedAtAllTheSame() throws IOException {
        StringBuilder script = new StringBuilder("label: gpt\ntable-length: 1024\n");
        for (int i = 0; i < GuestSpace.MAX_FINDINGS; i++) {
            script.append("start=").append(2048 + i).append(", size=1\n");
        }
        GuestDisk disk = partitioned(script + "start=20480, size=10M, type=S\n");
        putSwap(disk, 10 * MIB, 10);
        assertThat(disk.report())
                .hasSize(GuestSpace.MAX_FINDINGS)
                .allSatisfy(found -> assertThat(found).isInstanceOf(GuestFinding.LeftAlone.class));
        assertThat(disk.free()).containsExactly(free(10, 10));
    }

    @Test
    void aHybridTableMustAgree() throws IOException {
        GuestDisk disk = partitioned("label: gpt\n,10M,S\n,10M,S\n");
        putSwap(disk, 1 * MIB, 10);
        putSwap(disk, 11 * MIB, 10);
        disk.run("sgdisk", "-h", "1:EE", "@");
        assertThat(disk.free()).containsExactly(free(1, 10), free(11, 10));
        byte[] sector = Files.readAllBytes(disk.path());
        for (int at = 446; at < 510; at += 16) {
            if (sector[at + 4] != 0 && sector[at + 4] != (byte) 0xee) {
                disk.poke(at + 12, 1, 0, 0, 0);
            }
        }
        assertThat(disk.report())
                .containsExactly(alone(1, 1, 10, "unknown", "the MBR has something else there"), swap(2, 11, 10));
    }

    @Test
    void aDamagedTableLeavesTheWholeDiskAlone() throws IOException {
        GuestDisk disk = partitioned("label: gpt\n,10M,S\n");
        putSwap(disk, 1 * MIB, 10);
        disk.poke(1024 + 60, 1);
        assertThat(disk.reason()).contains("entries do not match their checksum");
        disk.poke(512 + 60, 1);
        assertThat(disk.reason()).contains("header does not match its checksum");
        disk.poke(512, 'X');
        assertThat(disk.reason()).contains("GPT that its MBR speaks of is not there");
    }

    @Test
    void whatOverlapsIsLeftAlone() throws IOException {
        GuestDisk disk = partitioned("label: dos\n,10M,82\n,10M,82\n,10M,82\n");
        putSwap(disk, 1 * MIB, 10);
        putSwap(disk, 11 * MIB, 10);
        putSwap(disk, 21 * MIB, 10);
        disk.poke(446 + 16 + 8, 0, 0x48);
        assertThat(disk.report())
                .containsExactly(
                        alone(1, 1, 10, "unknown", "it overlaps partition 2"),
                        alone(2, 9, 10, "unknown", "it overlaps partition 1"),
                        swap(3, 21, 10));
    }

    @Test
    void aChainOfLogicalPartitionsThatGoesRoundEnds() throws IOException {
        GuestDisk disk = partitioned("label: dos\n,10M,82\n,,5\n,10M,82\n,10M,82\n");
        putSwap(disk, 1 * MIB, 10);
        putSwap(disk, 12 * MIB, 10);
        long second = 22 * MIB;
        disk.poke(second + 446 + 16, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0x58, 0, 0, 0, 8, 0, 0);
        disk.poke(second + 510, 0x55, 0xaa);
        assertThat(disk.report())
                .containsExactly(
                        swap(1, 1, 10), alone(2, 11, 53, "unknown", "the chain of its logical partitions goes back"));
    }

    @Test
    void aTableOverAFileSystemIsLeftAlone() throws IOException {
        GuestDisk disk = partitioned("label: dos\n,10M,82\n");
        putSwap(disk, 1 * MIB, 10);
        disk.poke(1024 + 0x38, 0x53, 0xef);
        assertThat(disk.reason()).isEqualTo("it has partitions, and signs of ext");
    }

    @Test
    void aPartitionThatReachesBeyondTheDiskIsLeftAlone() throws IOException {
        GuestDisk disk = partitioned("label: dos\n,10M,82\n,10M,82\n");
        putSwap(disk, 1 * MIB, 10);
        putSwap(disk, 11 * MIB, 10);
        disk.run("truncate", "-s", "20M", "@");
        assertThat(disk.report())
                .containsExactly(swap(1, 1, 10), alone(2, 11, 10, "unknown", "it reaches beyond the end of the disk"));
    }

    /** Each is made by what it is for, or by hand where that is not at hand. */
    @Test
    void whatIsNotUnderstoodIsNamed() throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("other.raw"), 20 * MIB);
        disk.poke(0x1_0040, '_', 'B', 'H', 'R', 'f', 'S', '_', 'M');
        assertThat(disk.report())
                .containsExactly(new GuestFinding.LeftAlone("disk", 0, 20 * MIB, "btrfs", "it is not understood"));
        disk.poke(0, 'L', 'U', 'K', 'S', 0xba, 0xbe);
        assertThat(disk.reason()).isEqualTo("it has signs of more than one thing");
    }

    @Test
    void aMirrorOfAnythingIsLeftAlone() throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("mirror.raw"), 20 * MIB);
        disk.run("mkswap", "@");
        disk.poke(20 * MIB - 8192, 0xfc, 0x4e, 0x2b, 0xa9);
        assertThat(disk.reason()).isEqualTo("it has signs of more than one thing");
        disk.poke(20 * MIB - 8192, 0, 0, 0, 0);
        assertThat(disk.understood().freeBytes()).isPositive();
        disk.poke(20 * MIB - 65_536, 0xfc, 0x4e, 0x2b, 0xa9);
        assertThat(disk.reason()).isEqualTo("it has signs of more than one thing");
    }

    private GuestDisk partitioned(String script) throws IOException {
        GuestDisk disk = GuestDisk.create(directory.resolve("disk.raw"), 64 * MIB);
        Path file = Files.writeString(directory.resolve("script"), script);
        disk.run("sh", "-c", "sfdisk -q " + disk.path() + " < " + file);
        return disk;
    }

    private void putSwap(GuestDisk disk, long offset, int mebibytes) throws IOException {
        GuestDisk swap = GuestDisk.create(directory.resolve("swap" + offset), mebibytes * MIB);
        swap.run("mkswap", "-q", "@");
        disk.put(offset, swap);
    }

    private static GuestFinding swap(int number, long start, long length) {
        return new GuestFinding.Understood(
                "partition " + number, start * MIB, length * MIB, "swap", length * MIB - 4096);
    }

    private static GuestFinding alone(int number, long start, long length, String kind, String reason) {
        return new GuestFinding.LeftAlone("partition " + number, start * MIB, length * MIB, kind, reason);
    }

    private static DiskRange free(long start, long length) {
        return new DiskRange(start * MIB + 4096, length * MIB - 4096);
    }
}
