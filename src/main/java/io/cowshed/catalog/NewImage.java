package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the caller decides about an image that is to be.
 *
 * @param id which also names its file
 * @param description up to 2000 characters, empty for none
 * @param expiresAt of a disposable image; null for a persistent one
 */
public record NewImage(
        UUID id,
        ImageName name,
        String description,
        Labels labels,
        Lifetime lifetime,
        @Nullable Instant expiresAt) {

    /** @throws CowshedException of type INVALID_REQUEST if the description or the expiry cannot be */
    public NewImage {
        Text.requireReadable("description", description, Text.MAX_DESCRIPTION);
        switch (lifetime) {
            case PERSISTENT -> {
                if (expiresAt != null) {
                    throw Text.refuse(
                            "A persistent image has no expiry.", "Leave it out, or make the image disposable.");
                }
            }
            case DISPOSABLE -> {
                if (expiresAt == null) {
                    throw Text.refuse("A disposable image needs an expiry.", "Say how long it may live.");
                }
            }
        }
    }
}
