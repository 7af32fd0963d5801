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

    /** The version of a family that was published under that word. */
    record ByVersion(FamilyName family, VersionName version) implements ImageRef {
        @Override
        public String toString() {
            return family + ":" + version;
        }
    }

    /** The newest active version of a family. */
    record ByLatest(FamilyName family) implements ImageRef {
        @Override
        public String toString() {
            return family + ":" + VersionName.LATEST;
        }
    }

    /**
     * An id; or a family and a version, with a colon between, or {@code latest} for the version; or else a name.
     *
     * @throws CowshedException of type INVALID_REQUEST if the text is none of these
     */
    static ImageRef parse(String text) {
        int colon = text.indexOf(':');
        if (colon >= 0) {
            FamilyName family = new FamilyName(text.substring(0, colon));
            String version = text.substring(colon + 1);
            return version.equals(VersionName.LATEST)
                    ? new ByLatest(family)
                    : new ByVersion(family, new VersionName(version));
        }
        return ImageName.looksLikeId(text) ? new ById(UUID.fromString(text)) : new ByName(new ImageName(text));
    }

    static ImageRef of(UUID id) {
        return new ById(id);
    }
}
