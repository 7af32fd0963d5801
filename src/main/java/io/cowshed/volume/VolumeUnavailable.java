package io.cowshed.volume;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import org.springframework.http.HttpHeaders;

/** The volume failed while the service runs: its disk, its server, or whoever meddled with its files. */
public final class VolumeUnavailable extends CowshedException {

    VolumeUnavailable(String detail, IOException cause) {
        this(detail, "Ask the operator to look at the volume and the service's log, then try again.", cause);
    }

    private VolumeUnavailable(String detail, String action, IOException cause) {
        super(ProblemType.VOLUME_UNAVAILABLE, detail, action, cause);
    }

    /** It is not there at all: whatever is wrong, whoever mounts it has to mend it. */
    static VolumeUnavailable absent(String detail, String action, IOException cause) {
        VolumeUnavailable absent = new VolumeUnavailable(detail, action, cause);
        absent.header(HttpHeaders.RETRY_AFTER, "5");
        return absent;
    }

    /** A file, or what it lies in, has permissions that do not let the service work on it. */
    static VolumeUnavailable denied(String file, AccessDeniedException cause) {
        return new VolumeUnavailable(
                file + " cannot be worked on: the service has no permission to.",
                "Give the files of the volume to the user that the service runs as, then try again.",
                cause);
    }
}
