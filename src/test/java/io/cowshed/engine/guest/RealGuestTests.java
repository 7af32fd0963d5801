package io.cowshed.engine.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.DiskRange;
import io.cowshed.engine.oracle.OracleProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guest of {@code scripts/make-guest}: a Debian on one ext4 in a GPT. */
class RealGuestTests {

    private static final Path GUEST = Path.of(System.getProperty("user.home"), ".cache/cowshed/guest");
    private static final long MIB = 1 << 20;

    @TempDir
    private Path directory;

    /** Filling all 7.4 GiB takes too long here, so each range is filled at both ends. */
    @Test
    void whatItHasFreeMayBeOverwritten() throws IOException {
        OracleProcess.run(List.of("scripts/make-guest", GUEST.toString()));
        GuestDisk disk = new GuestDisk(directory.resolve("disk.raw"));
        disk.run("cp", "--sparse=always", GUEST.resolve("disk.raw").toString(), "@");
        assertThat(disk.understood().kind()).isEqualTo("ext4");
        GuestFinding found = disk.understood();
        String device = disk.run(
                        "losetup", "--show", "-f", "-o", "" + found.offset(), "--sizelimit", "" + found.length(), "@")
                .trim();
        try {
            List<DiskRange> expected = new ArrayList<>();
            for (DiskRange range : ExtFileSystemTests.freeOf(disk.run("dumpe2fs", device))) {
                expected.add(new DiskRange(range.start() + found.offset(), range.length()));
            }
            assertThat(disk.free()).isNotEmpty().isEqualTo(expected);
            disk.fillFree(MIB);
            disk.run("blockdev", "--flushbufs", device);
            disk.run("e2fsck", "-fn", device);
        } finally {
            disk.run("losetup", "-d", device);
        }
    }
}
