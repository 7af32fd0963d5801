package io.cowshed.health;

import io.cowshed.database.DatabaseClock;
import io.cowshed.database.DatabaseProbe;
import io.cowshed.volume.Volume;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What readiness depends on; liveness does not: starting a replica again mends neither. */
@Configuration(proxyBeanMethods = false)
class HealthConfiguration {

    @Bean
    HealthIndicator databaseHealthIndicator(DatabaseProbe database) {
        return new BoundedIndicator("The database", database::require);
    }

    /** Says what the log says, and is part of no group: the replica works all the same. */
    @Bean
    HealthIndicator clockHealthIndicator(DatabaseClock clock) {
        return () -> Health.up()
                .withDetail("machineAheadOfDatabase", clock.skew().toString())
                .withDetail("agrees", clock.agrees())
                .build();
    }

    @Bean
    HealthIndicator volumeHealthIndicator(Volume volume) {
        return new BoundedIndicator("The volume", volume::requireUsable);
    }
}
