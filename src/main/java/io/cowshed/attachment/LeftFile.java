package io.cowshed.attachment;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An image's file as its holder has left it.
 *
 * @param virtualSize in bytes; without meaning where there is a fault, as the two after it
 * @param clusterSize in bytes
 * @param parent what it lies on; null for nothing
 * @param backingFile what it named as its backing; null for nothing
 * @param fault why it cannot be an image any more; null where it can
 */
record LeftFile(
        long virtualSize,
        int clusterSize,
        @Nullable UUID parent,
        @Nullable String backingFile,
        @Nullable String fault) {

    static LeftFile faulty(@Nullable String backingFile, String fault) {
        return new LeftFile(0, 0, null, backingFile, fault);
    }
}
