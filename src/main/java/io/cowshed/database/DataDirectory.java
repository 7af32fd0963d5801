package io.cowshed.database;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The directory of the service's own files, {@code cowshed.data-dir}.
 *
 * @param dataDir as configured; relative to the working directory unless absolute
 */
@ConfigurationProperties("cowshed")
public record DataDirectory(String dataDir) {

    /** The directory, absolute. It need not exist. */
    public Path path() {
        return Path.of(dataDir).toAbsolutePath().normalize();
    }
}
