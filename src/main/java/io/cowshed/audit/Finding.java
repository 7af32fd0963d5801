package io.cowshed.audit;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Something that is wrong.
 *
 * @param image that it is about; null for a file that is no image's
 * @param imageName that image's name; null where the catalogue does not have it
 * @param file relative to the root of the volume
 * @param detail for people, a sentence or two
 */
record Finding(
        FindingKind kind, @Nullable UUID image, @Nullable String imageName, String file, String detail) {}
