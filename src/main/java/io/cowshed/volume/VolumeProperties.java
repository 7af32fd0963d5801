package io.cowshed.volume;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where the volume is, and who may open its files.
 *
 * @param volume {@code cowshed.volume}: its root directory, relative to the working directory unless absolute
 * @param fileMode {@code cowshed.file-mode}: the permissions of an unsealed image's file, in octal. The owner's must
 *     include reading and writing, and nobody may execute
 */
@ConfigurationProperties("cowshed")
public record VolumeProperties(
        String volume, @DefaultValue("0660") String fileMode) {

    /** @throws IllegalArgumentException when the file mode is not such a one */
    public VolumeProperties {
        if (!fileMode.matches("0?6[0246][0246]")) {
            throw new IllegalArgumentException("cowshed.file-mode is \"" + fileMode
                    + "\", and must be three octal digits of 0, 2, 4 and 6, the first of them 6, such as 0660");
        }
    }

    Path path() {
        return Path.of(volume).toAbsolutePath().normalize();
    }

    int mode() {
        return Integer.parseInt(fileMode, 8);
    }
}
