package io.cowshed.transfer;

import io.cowshed.engine.block.ImageException;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.io.IOException;
import java.util.UUID;

/** What keeps an image of the catalogue from being read, to whoever asked for it. */
final class ReadFailures {

    private ReadFailures() {}

    static CowshedException of(UUID image, IOException failure) {
        return switch (failure) {
            case ImageException damage ->
                new CowshedException(
                        ProblemType.INVALID_IMAGE,
                        "The file of image " + image + " cannot be read: " + damage.getMessage() + ".",
                        "Check the file with qemu-img check.",
                        damage);
            default ->
                new CowshedException(
                        ProblemType.VOLUME_UNAVAILABLE,
                        "The file of image " + image + " cannot be read from the volume.",
                        "Ask the operator to look at the log.",
                        failure);
        };
    }
}
