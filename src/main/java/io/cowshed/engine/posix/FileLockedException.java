package io.cowshed.engine.posix;

import java.nio.file.FileSystemException;
import java.util.List;
import java.util.stream.Collectors;

/** A file is in use by someone whose locks do not go together with those that were to be taken. */
public final class FileLockedException extends FileSystemException {

    private final List<LockHolder> holders;

    FileLockedException(PosixFile file) {
        this(file, LockHolder.of(file.key()));
    }

    private FileLockedException(PosixFile file, List<LockHolder> holders) {
        super(file.name(), null, "it is in use by " + names(holders));
        this.holders = holders;
    }

    /** Who holds locks on the file, as far as can be told; empty when none of them is visible from here. */
    public List<LockHolder> holders() {
        return holders;
    }

    /** The holders in words, to complete "in use by …". */
    public String holderNames() {
        return names(holders);
    }

    private static String names(List<LockHolder> holders) {
        return holders.isEmpty()
                ? "a process that cannot be seen from here"
                : holders.stream().map(LockHolder::toString).collect(Collectors.joining(", "));
    }
}
