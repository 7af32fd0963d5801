package io.cowshed.volume;

import java.util.UUID;

/** A file of the volume that lives as long as a row of the catalogue says so. */
public sealed interface CataloguedFile {

    /** The image that it belongs to. */
    UUID image();

    /** The disk of an image. */
    record Disk(UUID image) implements CataloguedFile {}

    /**
     * The seed disk of an image. Another one for the same image is another file, with another number.
     *
     * @param number that tells it from all others of the image: positive, below 2^56
     */
    record Seed(UUID image, long number) implements CataloguedFile {

        /** One past the largest number: what fits 14 hexadecimal digits, and an entity tag. */
        static final long NUMBERS = 1L << 56;

        /** @throws IllegalArgumentException when the number cannot be */
        public Seed {
            if (number <= 0 || number >= NUMBERS) {
                throw new IllegalArgumentException("seed disk " + number);
            }
        }

        /** Where the file is, relative to the root of the volume. */
        public String relativePath() {
            return "seeds/" + VolumeLayout.seedName(this);
        }
    }
}
