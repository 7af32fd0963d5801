package io.cowshed.volume;

import org.jspecify.annotations.Nullable;

/**
 * A name in a directory of the volume.
 *
 * @param name of the file, without its directory
 * @param file whose own name it is in {@code images/} and {@code seeds/}, and whose side name in {@code incoming/} and {@code
 *     retired/}; null for any other name
 */
public record VolumeEntry(
        VolumeArea area, String name, @Nullable CataloguedFile file) {

    /** Where it is, relative to the root of the volume. */
    public String path() {
        return area.word() + "/" + name;
    }
}
