package io.cowshed.catalog;

import io.cowshed.volume.CataloguedFile;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The seed disk of an image.
 *
 * @param instanceId that a guest which starts with it takes: 1 to 255 characters
 * @param given what it was made from
 */
public record Seed(CataloguedFile.Seed file, String instanceId, SeedTexts given, Instant createdAt, String createdBy) {

    /** Both databases keep microseconds; what is answered now is what is read later. */
    public Seed {
        createdAt = createdAt.truncatedTo(ChronoUnit.MICROS);
    }

    /** The number of its file: another seed disk has another version. */
    public long version() {
        return file.number();
    }

    /** Enough of it to use it. */
    public SeedLink link() {
        return new SeedLink(file, instanceId);
    }
}
