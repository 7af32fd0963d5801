package io.cowshed.health;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;

/**
 * How a replica stops.
 *
 * @param drain {@code cowshed.shutdown.drain}: how long it goes on serving once it says that it is not ready; none by default
 */
@ConfigurationProperties("cowshed.shutdown")
record ShutdownProperties(@DurationUnit(ChronoUnit.SECONDS) Duration drain) {}
