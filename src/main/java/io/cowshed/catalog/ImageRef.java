package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.util.UUID;

/** What a caller calls an image by. */
public sealed interface ImageRef {

    /** The id. */
    record ById(UUID id) implements ImageRef {
        @Override
        public String toString() {
            return id.toString();
        }
    }

    /** The present name of an image that is not in the trash. */
    record ByName(ImageName name) implements ImageRef {
        @Override
        public String toString() {
            return name.toString();
        }
    }

    /**
     * An id, or else a name.
     *
     * @throws CowshedException of type INVALID_REQUEST if the text is neither an id nor a possible name
     */
    static ImageRef parse(String text) {
        return ImageName.looksLikeId(text) ? new ById(UUID.fromString(text)) : new ByName(new ImageName(text));
    }

    static ImageRef of(UUID id) {
        return new ById(id);
    }
}
