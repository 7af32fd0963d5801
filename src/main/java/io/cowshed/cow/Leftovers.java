package io.cowshed.cow;

import io.cowshed.catalog.Images;
import io.cowshed.catalog.Settlement;
import io.cowshed.operation.OperationRun;
import io.cowshed.volume.Volume;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Clears away what an attempt that died has left of the file of an image that was to be. */
@Component
class Leftovers {

    private final Images images;
    private final Settlement settlement;
    private final Volume volume;

    Leftovers(Images images, Settlement settlement, Volume volume) {
        this.images = images;
        this.settlement = settlement;
        this.volume = volume;
    }

    /**
     * As {@link #clear}, for a file that only this operation makes.
     *
     * @throws io.cowshed.volume.ImageInUse when an earlier attempt, which was taken for dead, still has it, and may be about to
     *     record it
     */
    void clearNew(OperationRun run, UUID image) {
        clear(run, image);
        if (run.attempt() > 1 && volume.status(image).isPresent()) {
            volume.requireUnfenced(image);
        }
    }

    /** What is still being worked on stays: then that attempt is not dead, and this one will find the file's name taken. */
    void clear(OperationRun run, UUID image) {
        if (run.attempt() > 1) {
            volume.sweep(image, settlement::isThere, images::exists);
        }
    }
}
