package io.cowshed.cow;

import io.cowshed.catalog.Seed;
import io.cowshed.volume.NewImageFile;

/**
 * A seed disk that is to be.
 *
 * @param file written, and not yet published
 * @param seed its row
 */
record NewSeed(NewImageFile file, Seed seed) implements AutoCloseable {

    @Override
    public void close() {
        file.close();
    }
}
