package io.cowshed.cow;

import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Reworking;
import io.cowshed.operation.OperationHandler;
import io.cowshed.operation.OperationRun;
import java.io.IOException;
import java.util.UUID;
import org.springframework.stereotype.Component;

/**
 * Gives a clone of a version an empty file on another version, as {@link Emptying} has it. Until the row says so, the operation's
 * claim keeps that version.
 */
@Component
class UpgradeVerb implements OperationHandler {

    static final String KIND = "upgrade";

    private final Images images;
    private final Emptying emptying;
    private final Reworking reworking;

    UpgradeVerb(Images images, Emptying emptying, Reworking reworking) {
        this.images = images;
        this.emptying = emptying;
        this.reworking = reworking;
    }

    /**
     * What is asked for.
     *
     * @param onto the image that is to be the parent
     * @param from the version that the parent was, {@code family:version}
     * @param to the version that it is to be
     */
    record Request(UUID onto, String from, String to) {}

    /** What came of it, as the operation shows it. Sizes in bytes. */
    record Result(
            UUID image,
            UUID parent,
            String from,
            String to,
            long virtualSize,
            long allocatedBefore,
            long allocatedAfter) {}

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public void run(OperationRun run) throws IOException {
        Request request = run.request(Request.class);
        UUID id = run.subject();
        UUID onto = request.onto();
        long least = images.find(ImageRef.of(onto)).virtualSize();
        Emptying.Done done = emptying.run(run, new Emptying.Wanted(onto, least));
        run.finish(() -> {
            reworking.replaceFile(id, onto, done.layout(), null);
            return new Result(
                    id,
                    onto,
                    request.from(),
                    request.to(),
                    done.layout().virtualSize(),
                    done.allocatedBefore(),
                    done.layout().allocatedSize());
        });
    }
}
