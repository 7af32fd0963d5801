package io.cowshed.volume;

import io.cowshed.engine.posix.OutOfSpaceException;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import org.jspecify.annotations.Nullable;

/** The volume, or the quota on it, has no room for what was to be written. */
public final class VolumeFull extends CowshedException {

    private static final String ACTION =
            "Purge images that are no longer needed, or enlarge the volume or the quota on it, then try again.";

    /** Found before anything was written. */
    VolumeFull(long needed, long usable) {
        this(needed + " bytes are needed, and the volume has " + usable + " left.", null);
        member("neededBytes", needed);
        member("usableBytes", usable);
    }

    /** Found while writing. */
    public VolumeFull(OutOfSpaceException cause) {
        this("The volume has no room left for what was to be written: no space (df), or no inodes (df -i).", cause);
    }

    private VolumeFull(String detail, @Nullable Throwable cause) {
        super(ProblemType.VOLUME_FULL, detail, ACTION, cause);
    }
}
