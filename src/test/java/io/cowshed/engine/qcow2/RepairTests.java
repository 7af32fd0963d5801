package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.CheckReport;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.qcow2.Qcow2Repair.Scope;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Damage is found, mended where it can be known how things should be, and never hidden where it cannot. */
class RepairTests {

    private static final int CLUSTER = 4096;
    private static final int DISK = 3 << 20;
    private static final long COPIED = 1L << 63;
    private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;

    @TempDir
    private Path directory;

    /** Something that can be put right, and whether it is an error rather than a leak. */
    record Damage(String about, boolean error, Consumer<ByteBuffer> change) {
        @Override
        public String toString() {
            return about;
        }
    }

    static Stream<Damage> curable() {
        return Stream.of(
                new Damage("a cluster that leaks", false, b -> setRefcount(b, b.capacity() / CLUSTER, 1)),
                new Damage("a refcount too high", true, b -> setRefcount(b, dataCluster(b), 7)),
                new Damage("a refcount too low", true, b -> setRefcount(b, dataCluster(b), 0)),
                new Damage("a header that is not counted", true, b -> setRefcount(b, 0, 0)),
                new Damage("an L2 table that is not counted", true, b -> setRefcount(b, l2(b) / CLUSTER, 0)),
                new Damage("a refcount block that is not there", true, b -> b.putLong(refcountTable(b), 0)),
                new Damage("a refcount block beyond the end", true, b -> b.putLong(refcountTable(b), 1L << 40)),
                new Damage("a refcount block of reserved bits", true, b -> b.putLong(refcountTable(b), 3)),
                new Damage("a refcount table beyond the end", true, b -> b.putLong(48, 1L << 40)),
                new Damage("a refcount table on the L1 table", true, b -> b.putLong(48, b.getLong(40))),
                new Damage("COPIED missing in an L2 entry", true, b -> b.putLong(l2(b), b.getLong(l2(b)) & ~COPIED)),
                new Damage("COPIED missing in an L1 entry", true, b -> b.putLong(l1(b), b.getLong(l1(b)) & ~COPIED)),
                new Damage("COPIED of a shared cluster", true, b -> {
                    b.putLong(l2(b) + 8, b.getLong(l2(b)));
                    setRefcount(b, dataCluster(b), 2);
                }),
                new Damage("the dirty mark", false, b -> b.putLong(72, b.getLong(72) | 1)),
                new Damage("the corrupt mark", false, b -> b.putLong(72, b.getLong(72) | 2)));
    }

    @ParameterizedTest
    @MethodSource("curable")
    void mendsWhatCanBeKnown(Damage damage) throws IOException {
        byte[] good = image("cluster_size=4k");
        ByteBuffer bad = ByteBuffer.wrap(good.clone());
        damage.change.accept(bad);
        byte[] expected = read(bad.array());
        MemoryFile file = new MemoryFile("damaged", bad.array());

        CheckReport before = Qcow2Check.check(file);
        assertThat(before.errors() > 0).as(before::toString).isEqualTo(damage.error);
        Qcow2Repair.Outcome outcome = Qcow2Repair.repair(file, Scope.ALL);

        assertThat(outcome.before()).isEqualTo(before);
        assertThat(outcome.after().clean()).as(outcome.after()::toString).isTrue();
        Qcow2Header header = Qcow2HeaderReader.read(file);
        assertThat(header.features().dirty()).isFalse();
        assertThat(header.features().corrupt()).isFalse();
        Path mended = Files.write(directory.resolve("mended.qcow2"), file.bytes());
        assertThat(QemuImg.check(mended)).containsEntry("check-errors", 0L).doesNotContainKeys("corruptions", "leaks");
        assertThat(QemuImg.content(mended, "qcow2")).isEqualTo(expected);
        assertThat(Qcow2Repair.repair(file, Scope.ALL).before())
                .as("a second repair")
                .isEqualTo(outcome.after());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cluster_size=512,refcount_bits=64",
                "cluster_size=1k,refcount_bits=1",
                "cluster_size=4k,refcount_bits=2",
                "cluster_size=64k,refcount_bits=4",
                "cluster_size=2M,refcount_bits=8",
                "cluster_size=512,compat=0.10",
                "cluster_size=16k,extended_l2=on,refcount_bits=32"
            })
    void countsAnewWithRefcountsOfAnyWidth(String options) throws IOException {
        Path path = directory.resolve("image.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", options, path.toString(), Integer.toString(DISK));
        QemuIo.run(path, "qcow2", List.of("write -q -P 1 0 700k", "write -q -P 2 2500k 500k"));
        byte[] expected = QemuImg.content(path, "qcow2");
        MemoryFile file = new MemoryFile("damaged", Files.readAllBytes(path));
        ByteBuffer bytes = ByteBuffer.wrap(file.bytes());
        bytes.putLong(refcountTable(bytes), 0);

        Qcow2Repair.Outcome outcome = Qcow2Repair.repair(file, Scope.ALL);

        assertThat(outcome.before().errors()).isPositive();
        assertThat(outcome.after().clean()).as(outcome.after()::toString).isTrue();
        Files.write(path, file.bytes());
        assertThat(QemuImg.check(path)).doesNotContainKeys("corruptions", "leaks");
        assertThat(QemuImg.content(path, "qcow2")).isEqualTo(expected);
    }

    @Test
    void leaksAreGivenBackAndNothingElseIsTouched() throws IOException {
        byte[] good = image("cluster_size=4k");
        MemoryFile file = new MemoryFile("leaking", good);
        file.setSize(good.length + 40L * CLUSTER);
        ByteBuffer bytes = ByteBuffer.wrap(file.bytes());
        int end = good.length / CLUSTER;
        for (int cluster = end; cluster < end + 40; cluster++) {
            setRefcount(bytes, cluster, 1);
            bytes.putLong(cluster * CLUSTER, -1);
        }

        Qcow2Repair.Outcome outcome = Qcow2Repair.repair(file, Scope.LEAKS);

        assertThat(outcome.before().leaks()).isEqualTo(40);
        assertThat(outcome.after().clean()).isTrue();
        assertThat(file.size()).as("the leaked tail is cut off").isLessThan(good.length + 10L * CLUSTER);
        assertThat(read(file.bytes())).isEqualTo(read(good));
    }

    @Test
    void leaksOfAnImageWithErrorsAreLeftAlone() throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(image("cluster_size=4k"));
        setRefcount(bytes, dataCluster(bytes), 0);
        setRefcount(bytes, bytes.capacity() / CLUSTER - 1, 1);
        MemoryFile file = new MemoryFile("damaged", bytes.array());
        byte[] before = file.bytes().clone();

        Qcow2Repair.Outcome outcome = Qcow2Repair.repair(file, Scope.LEAKS);

        assertThat(outcome.after()).isEqualTo(outcome.before());
        assertThat(file.bytes()).isEqualTo(before);
    }

    static Stream<Damage> incurable() {
        return Stream.of(
                new Damage("a cluster beyond the end", true, b -> b.putLong(l2(b), 1L << 41 | COPIED)),
                new Damage("a cluster that is not aligned", true, b -> b.putLong(l2(b), b.getLong(l2(b)) + 512)),
                new Damage("a cluster on the L1 table", true, b -> b.putLong(l2(b), b.getLong(40) | COPIED)),
                new Damage("an L2 table beyond the end", true, b -> b.putLong(l1(b), 1L << 41 | COPIED)),
                new Damage("an L2 table twice", true, b -> b.putLong(l1(b) + 8, b.getLong(l1(b)))),
                new Damage(
                        "a snapshot table beyond the end",
                        true,
                        b -> b.putInt(60, 1).putLong(64, 1L << 42)));
    }

    @ParameterizedTest
    @MethodSource("incurable")
    void marksCorruptWhatCannotBeKnown(Damage damage) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(image("cluster_size=4k"));
        damage.change.accept(bytes);
        MemoryFile file = new MemoryFile("damaged", bytes.array());
        byte[] before = file.bytes().clone();

        Qcow2Repair.Outcome outcome = Qcow2Repair.repair(file, Scope.ALL);

        assertThat(outcome.before().errors()).isPositive();
        assertThat(outcome.after().errors()).isPositive();
        assertThat(Qcow2HeaderReader.read(file).features().corrupt()).isTrue();
        ByteBuffer.wrap(before).putLong(72, ByteBuffer.wrap(file.bytes()).getLong(72));
        assertThat(file.bytes()).as("all but the marks").startsWith(before);
    }

    @Test
    void randomDamageIsMendedOrMarkedAndNeverMadeWorse() throws IOException {
        byte[] good = image("cluster_size=4k");
        Random random = new Random(20_261_120);
        int mended = 0;
        for (int round = 0; round < 400; round++) {
            byte[] bad = good.clone();
            int table = (int) ByteBuffer.wrap(good).getLong(48);
            for (int pokes = 1 + random.nextInt(3); pokes > 0; pokes--) {
                int at =
                        random.nextBoolean() ? table + random.nextInt(3 * CLUSTER) : CLUSTER + random.nextInt(40 << 10);
                bad[at % bad.length] ^= (byte) (1 << random.nextInt(8));
            }
            MemoryFile file = new MemoryFile("round " + round, bad.clone());
            Qcow2Repair.Outcome outcome = Qcow2Repair.repair(file, Scope.ALL);
            if (outcome.after().errors() == 0) {
                mended++;
                assertThat(outcome.after().clean()).as("round %d", round).isTrue();
                assertThat(Qcow2HeaderReader.read(file).features().corrupt()).isFalse();
                assertThat(read(file.bytes())).as("round %d", round).isEqualTo(read(bad));
            } else {
                assertThat(Qcow2HeaderReader.read(file).features().corrupt()).isTrue();
            }
        }
        assertThat(mended).isBetween(50, 399);
    }

    private byte[] read(byte[] image) throws IOException {
        try (DiskImage disk = ImageChain.open(new MemoryFile("read", image), ImageFormat.QCOW2, BackingResolver.NONE)) {
            ByteBuffer content = ByteBuffer.allocate((int) disk.virtualSize());
            disk.read(0, content);
            return content.array();
        }
    }

    private byte[] image(String options) throws IOException {
        Path path = directory.resolve("image.qcow2");
        Files.deleteIfExists(path);
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", options, path.toString(), Integer.toString(DISK));
        QemuIo.run(path, "qcow2", List.of("write -q -P 1 0 100k", "write -q -P 4 2500k 100k"));
        QemuIo.run(path, "qcow2", List.of("write -q -c -P 2 1M 16k"));
        byte[] image = Files.readAllBytes(path);
        return Arrays.copyOf(image, Math.ceilDiv(image.length, CLUSTER) * CLUSTER);
    }

    private static int l1(ByteBuffer image) {
        return (int) image.getLong(40);
    }

    private static int l2(ByteBuffer image) {
        return (int) (image.getLong(l1(image)) & OFFSET_MASK);
    }

    private static int refcountTable(ByteBuffer image) {
        return (int) image.getLong(48);
    }

    private static int dataCluster(ByteBuffer image) {
        return (int) (image.getLong(l2(image)) & OFFSET_MASK) / CLUSTER;
    }

    private static void setRefcount(ByteBuffer image, int cluster, int refcount) {
        image.putShort((int) image.getLong(refcountTable(image)) + cluster * 2, (short) refcount);
    }
}
