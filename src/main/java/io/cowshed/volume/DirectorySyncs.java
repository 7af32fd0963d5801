package io.cowshed.volume;

import io.cowshed.engine.posix.DirectorySync;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Puts the names in directories on stable storage. */
@FunctionalInterface
interface DirectorySyncs {

    /** Returns when every name made or removed in {@code directory} before this call is on stable storage. */
    void sync(Path directory) throws IOException;

    /** Syncs each directory once for all who ask at the same time. */
    static DirectorySyncs coalesced() {
        Map<Path, DirectorySync> syncs = new ConcurrentHashMap<>();
        return directory -> syncs.computeIfAbsent(directory, DirectorySync::new).sync();
    }
}
