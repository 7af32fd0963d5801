package io.cowshed.engine.proof;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.util.List;

/**
 * Operations one after the other on a sample, a power cut at each moment of the last one and of closing the image, and a
 * judgement on all that may be left then.
 *
 * @param sample what it begins with
 * @param operations what is done
 */
record CrashRun(Sample sample, List<Operation> operations) {

    /** Opens an image to be changed. */
    @FunctionalInterface
    interface Opener {
        WritableQcow2Image open(BlockFile file, BackingResolver resolver) throws IOException;
    }

    /**
     * @param most how many states to judge at most
     * @param writes how many changes each must survive
     * @return how many were judged, those within a recovery included
     * @throws AssertionError when a state is not what it should be; names it
     */
    int judge(Opener opener, int most, int writes) {
        try {
            List<CrashStates.State> states = states(opener, most);
            Judge judge = new Judge(sample, writes);
            for (CrashStates.State state : states) {
                try {
                    judge.judge(state.file(), state.expectation());
                } catch (IOException | RuntimeException | AssertionError e) {
                    throw new AssertionError(state.toString(), e);
                }
            }
            return states.size() + judge.cutRecoveries();
        } catch (IOException | RuntimeException | AssertionError e) {
            throw new AssertionError(this.toString(), e);
        }
    }

    private List<CrashStates.State> states(Opener opener, int most) throws IOException {
        byte[] content = sample.read(sample.file().frozen());
        RecordingFile recording = new RecordingFile(sample.file());
        TrackedDisk disk =
                new TrackedDisk(opener.open(recording, sample.resolver()), recording, content, hashOfNames());
        Expectation first = disk.expectation();
        for (Operation operation : operations.subList(0, operations.size() - 1)) {
            operation.action().run(disk, sample.cluster());
        }
        int from = operations.size() == 1 ? 0 : recording.events().size();
        operations.getLast().action().run(disk, sample.cluster());
        disk.close();
        return CrashStates.of(recording, first, from, most, hashOfNames());
    }

    private long hashOfNames() {
        return toString().hashCode();
    }

    @Override
    public String toString() {
        return sample + ": " + operations;
    }
}
