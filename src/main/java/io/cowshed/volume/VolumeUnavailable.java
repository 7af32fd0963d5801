package io.cowshed.volume;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.io.IOException;

/** The volume failed while the service runs: its disk, its server, or whoever meddled with its files. */
public final class VolumeUnavailable extends CowshedException {

    VolumeUnavailable(String detail, IOException cause) {
        super(
                ProblemType.VOLUME_UNAVAILABLE,
                detail,
                "Ask the operator to look at the volume and the service's log, then try again.",
                cause);
    }
}
