package io.cowshed.health;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How a replica stops.
 *
 * @param drain {@code cowshed.shutdown.drain}: how long it goes on serving once it says that it is not ready; none by default
 */
@ConfigurationProperties("cowshed.shutdown")
record ShutdownProperties(Duration drain) {}
