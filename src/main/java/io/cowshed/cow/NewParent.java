package io.cowshed.cow;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is to come below an image.
 *
 * @param image the new parent, whose name is reserved
 * @param below what that is to lie on; null for nothing
 * @param retires whether the image's parent is to leave with the last of its children then, or, where the new one is a version, to be
 *     deprecated in favour of that
 */
record NewParent(UUID image, @Nullable UUID below, boolean retires) {}
