package io.cowshed.engine.block;

/** A backing file may not be followed, cannot be found, leads back to the image itself, or lies too deep. */
public final class BackingFileException extends ImageException {

    /** {@code problem} completes a sentence that begins with the file's name. */
    public BackingFileException(String file, String problem) {
        super(file, problem);
    }
}
