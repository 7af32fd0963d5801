package io.cowshed.volume;

import io.cowshed.database.Installation;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

@Configuration(proxyBeanMethods = false)
class VolumeConfiguration {

    /** Whether there are images yet decides whether an empty directory is a new volume or one that is not mounted. */
    @Bean
    Volume volume(VolumeProperties properties, Installation installation, JdbcClient database) {
        boolean anyImage = database.sql("select exists (select 1 from image where state <> 'creating')")
                .query(Boolean.class)
                .single();
        return Volume.open(properties.path(), properties.mode(), installation.id(), anyImage);
    }

    /** Tells commands that want the volume alone that this replica is there. */
    @Bean
    VolumePresence volumePresence(Volume volume) {
        return volume.beThere();
    }
}
