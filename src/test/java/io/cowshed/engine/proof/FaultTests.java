package io.cowshed.engine.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.proof.FailingFile.Fault;
import io.cowshed.engine.qcow2.Qcow2Repair;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Storage fails at each call of each operation: an exception says so, and what is left is an image that goes on. */
class FaultTests {

    private static final int WRITES = 20;

    /** How many of the cases: drawn at random, but always the same. */
    private static final int CASES = Integer.getInteger("cowshed.fault.cases", 600);

    @TempDir
    private Path directory;

    /** One operation, its calls failing at one place after the other. */
    private record Case(Sample sample, Operation operation, Fault fault, boolean forGood) {

        /** Makes each call fail once; returns how often that was. */
        int run() throws IOException {
            int failing = 0;
            boolean failed = true;
            while (failed) {
                failing++;
                try {
                    failed = failAt(failing);
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError(this + ", call " + failing, e);
                }
            }
            return failing - 1;
        }

        /** Whether there was such a call. */
        private boolean failAt(int failing) throws IOException {
            RecordingFile recording = new RecordingFile(sample.file());
            FailingFile file = new FailingFile(recording, fault, failing, forGood);
            byte[] content = sample.read(sample.file());
            Expectation expectation = change(recording, file, content);
            if (file.hasFailed()) {
                new Judge(sample, WRITES).judge(recording.now(), expectation);
            }
            return file.hasFailed();
        }

        /** A read that fails does nothing to the disk; whatever fails while it closes leaves it unsettled. */
        private Expectation change(RecordingFile recording, FailingFile file, byte[] content) {
            Expectation unchanged = Expectation.of(content, Sample.backingName(recording.now()));
            WritableQcow2Image image;
            try {
                image = WritableQcow2Image.open(file, sample.resolver());
            } catch (IOException e) {
                return unchanged;
            }
            TrackedDisk disk = new TrackedDisk(image, recording, content, 1);
            try {
                operation.action().run(disk, sample.cluster());
                disk.close();
            } catch (IOException e) {
                try {
                    image.close();
                } catch (IOException again) {
                    e.addSuppressed(again);
                }
            }
            return disk.expectation();
        }
    }

    @Test
    void aCallThatFailsIsReportedAndLeavesAnImage() throws IOException {
        List<Case> cases = new ArrayList<>();
        for (Sample sample : samples()) {
            for (Operation operation : Operation.ALL) {
                for (Fault fault : Fault.values()) {
                    cases.add(new Case(sample, operation, fault, false));
                    cases.add(new Case(sample, operation, fault, true));
                }
            }
        }
        Collections.shuffle(cases, new Random(CASES));
        List<Case> drawn = cases.subList(0, Math.min(CASES, cases.size()));
        LongAdder faults = new LongAdder();
        ConcurrentLinkedQueue<AssertionError> failures = new ConcurrentLinkedQueue<>();
        drawn.parallelStream().forEach(one -> {
            try {
                faults.add(one.run());
            } catch (IOException | AssertionError e) {
                failures.add(new AssertionError(one.toString(), e));
            }
        });
        System.out.println("faults: " + faults + " in " + drawn.size() + " of " + cases.size() + " cases");
        if (!failures.isEmpty()) {
            throw new AssertionError(failures.size() + " cases failed", failures.peek());
        }
        assertThat(faults.sum()).isGreaterThan(10_000);
    }

    @Test
    void aRepairThatFailsIsReportedAndLeavesWhatCanBeRepaired() throws IOException {
        int faults = 0;
        for (Sample sample : samples()) {
            byte[] bytes = sample.file().bytes();
            ByteBuffer image = ByteBuffer.wrap(bytes);
            image.putLong((int) image.getLong(48), 0);
            SectorFile damaged = SectorFile.of(sample.name(), bytes);
            byte[] content = sample.read(damaged);
            for (Fault fault : Fault.values()) {
                for (int failing = 1; failing > 0; failing++) {
                    SectorFile file = damaged.copy();
                    FailingFile failingFile = new FailingFile(file, fault, failing, faults % 2 == 0);
                    try {
                        Qcow2Repair.repair(failingFile, Qcow2Repair.Scope.ALL);
                    } catch (IOException e) {
                        assertThat(failingFile.hasFailed()).as(e::toString).isTrue();
                    }
                    if (!failingFile.hasFailed()) {
                        break;
                    }
                    new Judge(sample, 0).judgeRepair(file, content);
                    faults++;
                }
            }
        }
        System.out.println("faults within a repair: " + faults);
        assertThat(faults).isGreaterThan(1000);
    }

    private List<Sample> samples() throws IOException {
        return Sample.makeAll(directory).stream().filter(s -> !s.isLarge()).toList();
    }
}
