package io.cowshed.engine.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.CheckReport;
import io.cowshed.engine.qcow2.Qcow2Check;
import io.cowshed.engine.qcow2.Qcow2Repair;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The power is cut while an image is repaired: it holds what it held, and the next repair mends it. */
class CrashRepairTests {

    private static final int MOST = 400;
    private static final long COPIED = 1L << 63;
    private static final long OFFSET = 0x00ff_ffff_ffff_fe00L;

    @TempDir
    private Path directory;

    /** Damage to an image that a repair can mend. */
    private record Damage(String name, Consumer<ByteBuffer> change) {}

    private static final List<Damage> DAMAGES = List.of(
            new Damage("the first refcounts are 0", image -> image.putLong(firstBlock(image), 0)),
            new Damage("all refcounts of a block are too high", image -> {
                for (int i = 0; i < 64; i++) {
                    image.put(firstBlock(image) + i, (byte) 0xff);
                }
            }),
            new Damage("a refcount block is missing", image -> image.putLong(refcountTable(image), 0)),
            new Damage("a refcount block lies past the end", image -> image.putLong(refcountTable(image), 1L << 40)),
            new Damage("the refcount table lies past the end", image -> image.putLong(48, 1L << 40)),
            new Damage(
                    "COPIED is wrong in an L2 entry",
                    image -> image.putLong(l2(image), image.getLong(l2(image)) ^ COPIED)),
            new Damage(
                    "COPIED is wrong in an L1 entry",
                    image -> image.putLong(l1(image), image.getLong(l1(image)) ^ COPIED)),
            new Damage("the image is marked as dirty", CrashRepairTests::markDirty));

    @Test
    void aRepairThatIsCutOffIsMendedByTheNext() throws IOException {
        LongAdder states = new LongAdder();
        for (Sample sample : Sample.makeAll(directory)) {
            Stream.of(DAMAGES).flatMap(List::stream).parallel().forEach(damage -> cutOff(sample, damage, states));
        }
        System.out.println("crash states within a repair: " + states);
        assertThat(states.sum()).isGreaterThan(2000);
    }

    private static void cutOff(Sample sample, Damage damage, LongAdder states) {
        try {
            SectorFile file = damaged(sample, damage);
            CheckReport before = Qcow2Check.check(file);
            if (before.clean() && !damage.name.contains("marked")) {
                throw new AssertionError("no damage");
            }
            byte[] content = sample.read(file);
            Expectation expectation = Expectation.of(content, Sample.backingName(file));
            RecordingFile recording = new RecordingFile(file);
            Qcow2Repair.repair(recording, Qcow2Repair.Scope.ALL);
            Judge judge = new Judge(sample, 0);
            for (CrashStates.State state : CrashStates.of(recording, expectation, 0, MOST, damage.hashCode())) {
                try {
                    judge.judgeRepair(state.file(), content);
                } catch (IOException | RuntimeException | AssertionError e) {
                    throw new AssertionError(state.toString(), e);
                }
                states.increment();
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            throw new AssertionError(sample + ", " + damage.name, e);
        }
    }

    private static SectorFile damaged(Sample sample, Damage damage) {
        byte[] bytes = sample.file().bytes();
        damage.change.accept(ByteBuffer.wrap(bytes));
        return SectorFile.of(sample.name(), bytes);
    }

    /** Version 2 has no such mark: a refcount is wrong there. */
    private static void markDirty(ByteBuffer image) {
        if (image.getInt(4) >= 3) {
            image.putLong(72, image.getLong(72) | 1);
        } else {
            image.putShort(firstBlock(image), (short) 3);
        }
    }

    private static int l1(ByteBuffer image) {
        return (int) image.getLong(40);
    }

    private static int l2(ByteBuffer image) {
        return (int) (image.getLong(l1(image)) & OFFSET);
    }

    private static int refcountTable(ByteBuffer image) {
        return (int) image.getLong(48);
    }

    private static int firstBlock(ByteBuffer image) {
        return (int) image.getLong(refcountTable(image));
    }
}
