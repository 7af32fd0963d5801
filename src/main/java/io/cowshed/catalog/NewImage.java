package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the caller decides about an image that is to be.
 *
 * @param id which also names its file
 * @param description up to 2000 characters, empty for none
 * @param lease of a disposable image; null for a persistent one
 */
public record NewImage(
        UUID id,
        ImageName name,
        String description,
        Labels labels,
        @Nullable Lease lease) {

    /** @throws CowshedException of type INVALID_REQUEST if the description cannot be */
    public NewImage {
        Text.requireReadable("description", description, Text.MAX_DESCRIPTION);
    }
}
