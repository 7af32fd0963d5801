package io.cowshed.cow;

import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Reworking;
import io.cowshed.operation.OperationHandler;
import io.cowshed.operation.OperationRun;
import java.io.IOException;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Gives a clone an empty file on the same parent, as {@link Emptying} has it. */
@Component
class ResetVerb implements OperationHandler {

    static final String KIND = "reset";

    private final Images images;
    private final Emptying emptying;
    private final Reworking reworking;

    ResetVerb(Images images, Emptying emptying, Reworking reworking) {
        this.images = images;
        this.emptying = emptying;
        this.reworking = reworking;
    }

    /** What came of it, as the operation shows it. Sizes in bytes. */
    record Result(UUID image, long virtualSize, long allocatedBefore, long allocatedAfter) {}

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public void run(OperationRun run) throws IOException {
        UUID id = run.subject();
        UUID parent = images.find(ImageRef.of(id)).requireParent("reset");
        Emptying.Done done = emptying.run(run, new Emptying.Wanted(parent, 0));
        run.finish(() -> {
            reworking.replaceFile(id, parent, done.layout(), null);
            return new Result(
                    id,
                    done.layout().virtualSize(),
                    done.allocatedBefore(),
                    done.layout().allocatedSize());
        });
    }
}
