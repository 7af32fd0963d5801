package io.cowshed.engine.block;

import java.io.IOException;

/** The bytes of an image are not what they must be. The message names the file and says what is wrong with it. */
public abstract sealed class ImageException extends IOException
        permits BackingFileException, CorruptImageException, UnsupportedImageException {

    private final String file;

    ImageException(String file, String problem) {
        super(file + ": " + problem);
        this.file = file;
    }

    /** The name of the file, as {@link BlockFile#name()} gives it. */
    public String file() {
        return file;
    }
}
