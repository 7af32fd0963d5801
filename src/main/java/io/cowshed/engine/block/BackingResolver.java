package io.cowshed.engine.block;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The only way to a backing file. Whoever opens an image decides here which names may be followed, and where they lead. */
@FunctionalInterface
public interface BackingResolver {

    /** Refuses every backing file. */
    BackingResolver NONE = (file, name, format) -> {
        throw new BackingFileException(file, "it names the backing file \"" + name + "\", and none is allowed here");
    };

    /**
     * Opens the file that an image names as its backing.
     *
     * @param file the name of the image's own file, for messages
     * @param name the backing file name as the image holds it: untrusted
     * @param format the backing format that the image declares ({@code qcow2}, {@code raw}), or null where it declares none
     * @return the opened file and the format to read it as; the caller closes it
     * @throws BackingFileException when the name may not be followed or leads nowhere
     */
    Backing resolve(String file, String name, @Nullable String format) throws IOException;

    /** An opened backing file and the format it is to be read as. */
    record Backing(BlockFile file, ImageFormat format) {}
}
