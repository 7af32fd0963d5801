package io.cowshed.catalog;

import io.cowshed.volume.ImageFileMissing;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Goes to the volume for the files of images that were found just now. In no transaction: a file may keep it waiting. */
@Component
public class ImageFiles {

    private final Images images;

    ImageFiles(Images images) {
        this.images = images;
    }

    /** What is done with the file of an image. */
    @FunctionalInterface
    public interface Use<T, E extends Exception> {

        /** Does it. */
        T of(UUID image) throws E;
    }

    /**
     * Does something that needs the image's file.
     *
     * @throws ImageNotFound when the file is missing because somebody removed the image meanwhile
     * @throws ImageFileMissing when the volume has lost it
     */
    public <T, E extends Exception> T use(UUID image, Use<T, E> use) throws E {
        try {
            return use.of(image);
        } catch (ImageFileMissing e) {
            throw images.exists(image) ? e : new ImageNotFound(ImageRef.of(image));
        }
    }
}
