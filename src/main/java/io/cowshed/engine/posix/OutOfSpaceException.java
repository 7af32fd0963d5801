package io.cowshed.engine.posix;

import java.nio.file.FileSystemException;

/** The file system, or the quota on it, has no room for what was to be written. */
public final class OutOfSpaceException extends FileSystemException {

    /** {@code reason} is what the operating system says. */
    public OutOfSpaceException(String file, String reason) {
        super(file, null, reason);
    }
}
