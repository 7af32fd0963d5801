package io.cowshed.engine.proof;

import io.cowshed.engine.block.CheckReport;
import io.cowshed.engine.qcow2.Qcow2Check;
import io.cowshed.engine.qcow2.Qcow2Repair;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** Says whether what a power cut left of an image is an image still. */
final class Judge {

    /** How many changes an image must survive after a power cut. */
    static final int WRITES = 100;

    /** Of so many states that need a recovery, one has it cut off. */
    private static final int CHOSEN = 8;

    private static final int CUTS = 8;

    private final Sample sample;
    private final int writes;
    private int cutRecoveries;

    /** {@code writes} is how many random changes an image must survive. */
    Judge(Sample sample, int writes) {
        this.sample = sample;
        this.writes = writes;
    }

    /**
     * Opens, checks, reads, repairs twice, and goes on with random changes.
     *
     * @throws AssertionError when anything is wrong
     */
    void judge(SectorFile state, Expectation expectation) throws IOException {
        byte[] content = sample.read(state.frozen());
        String fault = expectation.faultOf(content, Sample.backingName(state));
        require(fault.isEmpty(), "content", fault);
        require(
                !sample.hasBitmap() || !saysBitmapIsValid(state) || state.isSameAs(sample.file()),
                "a changed image",
                "the bitmap is said to be valid");
        CheckReport report = recover(state, content);
        require(report.errors() == 0, "errors", report);
        requireKept(expectation.promise(), state, report);
        if (writes > 0 && report.leaks() > 0 && isChosen(state)) {
            cutRecovery(state, content, expectation);
        }
        if (writes > 0) {
            goOn(state, content, report.leaks());
        }
    }

    /** How many states within a recovery were judged, too. */
    int cutRecoveries() {
        return cutRecoveries;
    }

    private static boolean isChosen(SectorFile state) {
        return Arrays.hashCode(state.bytes()) % CHOSEN == 0;
    }

    private void cutRecovery(SectorFile state, byte[] content, Expectation expectation) throws IOException {
        RecordingFile recording = new RecordingFile(state);
        Qcow2Repair.repair(recording, Qcow2Repair.Scope.ALL);
        for (CrashStates.State cut : CrashStates.of(recording, expectation, 0, CUTS, state.size())) {
            judgeRepair(cut.file(), content);
            cutRecoveries++;
        }
    }

    private void requireKept(Expectation.Promise promise, SectorFile state, CheckReport report) {
        if (promise != Expectation.Promise.CONTENT) {
            require(report.leaks() == 0 || sample.hasBitmap(), "leaks of what is settled", report);
        }
        if (promise == Expectation.Promise.TRIMMED) {
            require(report.allocatedClusters() <= report.totalClusters(), "clusters kept past the end", report);
            require(state.size() <= report.endOffset(), "a file longer than what is in use", report);
        }
    }

    /** As {@link #judge}, of an image that was damaged before: {@code content} is what it holds, whatever a repair does. */
    void judgeRepair(SectorFile state, byte[] content) throws IOException {
        require(Arrays.equals(sample.read(state.frozen()), content), "content", "it differs");
        recover(state, content);
    }

    /**
     * Repairs a copy twice: the second time finds nothing to do.
     *
     * @return what was found the first time
     */
    private CheckReport recover(SectorFile state, byte[] content) throws IOException {
        SectorFile recovered = state.copy();
        Qcow2Repair.Outcome first = Qcow2Repair.repair(recovered, Qcow2Repair.Scope.ALL);
        require(first.after().clean(), "after recovery", first.after());
        if (!first.before().clean()) {
            require(Arrays.equals(sample.read(recovered), content), "content after recovery", "it differs");
        }
        Qcow2Repair.Outcome second = Qcow2Repair.repair(recovered.frozen(), Qcow2Repair.Scope.ALL);
        require(second.before().clean(), "a second look after recovery", second.before());
        return first.before();
    }

    private void goOn(SectorFile file, byte[] content, long leaked) throws IOException {
        Random random = new Random(content.length + file.size());
        DiskContent disk = new DiskContent(content);
        try (WritableQcow2Image image = WritableQcow2Image.open(file, sample.resolver())) {
            for (int i = 0; i < writes; i++) {
                disk.change(image, random, sample.cluster());
            }
        }
        CheckReport report = Qcow2Check.check(file);
        require(report.errors() == 0, "after more changes", report);
        require(report.leaks() <= leaked || sample.hasBitmap(), "leaks after more changes", report);
        require(Arrays.equals(sample.read(file), disk.bytes()), "content after more changes", "it differs");
    }

    private static boolean saysBitmapIsValid(SectorFile state) {
        ByteBuffer autoclear = ByteBuffer.allocate(Long.BYTES);
        state.read(88, autoclear);
        return autoclear.getLong(0) != 0;
    }

    private static void require(boolean holds, String what, Object found) {
        if (!holds) {
            throw new AssertionError(what + ": " + found);
        }
    }
}
