package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.util.Collection;
import java.util.Set;
import java.util.UUID;

/**
 * Who uses images from outside, and so stands in the way of what changes them. Whoever asks on behalf of a change has locked the
 * image's row; for views nothing need be locked.
 */
public interface ImageUse {

    /**
     * That nobody has the image attached, in whatever way.
     *
     * @param attempt what is refused otherwise, as in "cannot be <i>sealed</i>"
     * @throws CowshedException of type IMAGE_ATTACHED if somebody has
     */
    void requireNone(Image image, String attempt);

    /**
     * That nobody has the image attached to write to it.
     *
     * @param attempt as for {@link #requireNone}
     * @throws CowshedException as there
     */
    void requireNoWriter(Image image, String attempt);

    /** Whether {@link #requireNone} would refuse. */
    boolean isAttached(UUID image);

    /** Those of the images of which {@link #isAttached} would say so. */
    Set<UUID> attached(Collection<UUID> images);

    /**
     * That the image's file can be replaced by one that reads the same. Who reads a sealed image goes on with the file that he
     * has; any other must be nobody's.
     *
     * @param attempt as for {@link #requireNone}
     * @throws CowshedException as there
     */
    default void requireReplaceable(Image image, String attempt) {
        if (!image.isSealed()) {
            requireNone(image, attempt);
        }
    }
}
