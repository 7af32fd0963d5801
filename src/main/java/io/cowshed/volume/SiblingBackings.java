package io.cowshed.volume;

import io.cowshed.engine.block.BackingFileException;
import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.ImageFormat;
import java.io.IOException;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Follows a backing name only when it is the bare file name of an image that the caller allows, declared as QCOW2. */
record SiblingBackings(Opening opening, Set<UUID> allowed) implements BackingResolver {

    private static final String QCOW2 = "qcow2";

    @FunctionalInterface
    interface Opening {
        BlockFile of(UUID image);
    }

    @Override
    public Backing resolve(String file, String name, @Nullable String format) throws IOException {
        UUID image = VolumeLayout.imageOf(name)
                .filter(allowed::contains)
                .orElseThrow(() -> new BackingFileException(
                        file, "it names the backing file \"" + name + "\", which is none that it may have"));
        if (!QCOW2.equals(format)) {
            throw new BackingFileException(file, "it does not declare that its backing file \"" + name + "\" is qcow2");
        }
        return new Backing(opening.of(image), ImageFormat.QCOW2);
    }
}
