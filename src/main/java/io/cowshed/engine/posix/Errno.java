package io.cowshed.engine.posix;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import java.util.Set;

/** Error numbers of Linux, and the exceptions they become. */
final class Errno {

    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int ENXIO = 6;
    static final int EAGAIN = 11;
    static final int EACCES = 13;
    static final int EEXIST = 17;
    static final int EXDEV = 18;
    static final int EINVAL = 22;
    static final int ENOTTY = 25;
    static final int ENOSPC = 28;
    static final int ENOSYS = 38;
    static final int ELOOP = 40;
    static final int EOPNOTSUPP = 95;
    static final int EDQUOT = 122;

    /** What {@link java.nio.channels.FileChannel} says in these cases: it knows no exception of its own for them. */
    private static final Set<String> OUT_OF_SPACE = Set.of(Posix.describe(ENOSPC), Posix.describe(EDQUOT));

    private Errno() {}

    /** The exception for a call on {@code file} that failed with {@code errno}. */
    static IOException exception(int errno, String file) {
        return switch (errno) {
            case ENOENT -> new NoSuchFileException(file);
            case EEXIST -> new FileAlreadyExistsException(file);
            case EACCES, EPERM -> new AccessDeniedException(file, null, Posix.describe(errno));
            case ENOSPC, EDQUOT -> new OutOfSpaceException(file, Posix.describe(errno));
            default -> new FileSystemException(file, null, Posix.describe(errno));
        };
    }

    /** {@code failure} itself, or the typed exception that it stands for. */
    static IOException translated(IOException failure, String file) {
        String message = Objects.requireNonNullElse(failure.getMessage(), "");
        if (failure instanceof FileSystemException || failure instanceof ClosedChannelException) {
            return failure;
        }
        if (OUT_OF_SPACE.contains(message)) {
            OutOfSpaceException typed = new OutOfSpaceException(file, message);
            typed.initCause(failure);
            return typed;
        }
        return failure;
    }
}
