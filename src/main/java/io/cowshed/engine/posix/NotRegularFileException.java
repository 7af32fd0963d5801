package io.cowshed.engine.posix;

import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** A name leads to something other than a regular file, and was not followed. */
public final class NotRegularFileException extends FileSystemException {

    /** {@code type} says what the name leads to, such as {@code a symbolic link}. */
    NotRegularFileException(Path path, String type) {
        super(path.toString(), null, "it is " + type + ", and only a regular file is opened here");
    }
}
