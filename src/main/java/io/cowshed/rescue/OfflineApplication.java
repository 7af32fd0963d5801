package io.cowshed.rescue;

import io.cowshed.catalog.RestoredImages;
import io.cowshed.catalog.SizeLimit;
import io.cowshed.database.DatabaseConfiguration;
import io.cowshed.database.Transactions;
import io.cowshed.event.Events;
import io.cowshed.volume.VolumeProperties;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcClientAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcTemplateAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.boot.transaction.autoconfigure.TransactionManagerCustomizationAutoConfiguration;
import org.springframework.context.annotation.Import;

/** The few parts of the service that a command needs: the database with its schema, and nothing that acts by itself. */
// No @Configuration: the service, which looks for these, must not find it.
@ImportAutoConfiguration({
    DataSourceAutoConfiguration.class,
    DataSourceTransactionManagerAutoConfiguration.class,
    TransactionManagerCustomizationAutoConfiguration.class,
    TransactionAutoConfiguration.class,
    JdbcTemplateAutoConfiguration.class,
    JdbcClientAutoConfiguration.class,
    FlywayAutoConfiguration.class,
    JacksonAutoConfiguration.class
})
@EnableConfigurationProperties({VolumeProperties.class, SizeLimit.class})
@Import({DatabaseConfiguration.class, Transactions.class, RestoredImages.class, Events.class})
class OfflineApplication {}
