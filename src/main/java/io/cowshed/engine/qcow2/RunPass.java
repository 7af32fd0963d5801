package io.cowshed.engine.qcow2;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One pass over runs of clusters, which counts the clusters of data that it has gone past. For one thread. */
final class RunPass {

    private final ClusterRuns runs;
    private ClusterRuns.@Nullable Run run;
    private long dataBefore;

    RunPass(ClusterRuns runs) throws IOException {
        this.runs = runs;
        this.run = runs.next();
    }

    /** The first run that does not end before {@code cluster}, or null; no run is gone back to. */
    ClusterRuns.@Nullable Run runAt(long cluster) throws IOException {
        while (run != null && run.end() <= cluster) {
            advance(run);
        }
        return run;
    }

    /**
     * The run that the {@code index}th cluster of data is in, counted from 0.
     *
     * @throws IllegalStateException when there are not that many: the disk has changed since they were counted
     */
    ClusterRuns.Run dataRun(long index) throws IOException {
        while (run != null && (run.zero() || dataBefore + run.count() <= index)) {
            advance(run);
        }
        if (run == null) {
            throw new IllegalStateException("the disk has lost clusters since they were counted");
        }
        return run;
    }

    private void advance(ClusterRuns.Run passed) throws IOException {
        dataBefore += passed.zero() ? 0 : passed.count();
        run = runs.next();
    }

    /** How many clusters of data come before the present run. */
    long dataBefore() {
        return dataBefore;
    }
}
