package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BackingFileException;
import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.ReadOnlyFile;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds backing files by their bare names in one directory. */
record SiblingResolver(Path directory) implements BackingResolver {

    @Override
    public Backing resolve(String file, String name, @Nullable String format) throws IOException {
        if (name.indexOf('/') >= 0 || name.indexOf(':') >= 0) {
            throw new BackingFileException(file, "it names the backing file \"" + name + "\"");
        }
        ImageFormat declared = switch (format) {
            case "raw" -> ImageFormat.RAW;
            case "qcow2" -> ImageFormat.QCOW2;
            case null, default -> throw new BackingFileException(file, "its backing file has no known format");
        };
        return new Backing(ReadOnlyFile.open(directory.resolve(name)), declared);
    }
}
