package io.cowshed.database;

import com.zaxxer.hikari.HikariDataSource;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.annotation.AnnotationMatchingPointcut;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import org.springframework.core.Ordered;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.annotation.Transactional;

/** The parts that belong to no class of their own. The service finds it; who is no service imports it. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(DataDirectory.class)
public class DatabaseConfiguration {

    @Bean
    DatabaseClock clock(JdbcClient database) {
        return new DatabaseClock(
                () -> database.sql("select current_timestamp")
                        .query(OffsetDateTime.class)
                        .single()
                        .toInstant(),
                Clock.systemUTC(),
                System::nanoTime);
    }

    @Bean
    TimeOrderedIds timeOrderedIds(Clock clock) {
        return new TimeOrderedIds(clock);
    }

    /** Boot's own connection details, which read {@code spring.datasource.*}, take its place when a URL is given. */
    @Bean
    @Conditional(EmbeddedDatabase.IsWanted.class)
    JdbcConnectionDetails embeddedDatabase(DataDirectory directory) {
        EmbeddedDatabase embedded = new EmbeddedDatabase(directory.path());
        embedded.requireAccess();
        return embedded;
    }

    /**
     * A server that is cut off says nothing, and the kernel would wait for it for ever: a statement that PostgreSQL has not answered
     * for five minutes has failed. {@code socketTimeout} (in seconds) of the URL, or of the pool, takes its place.
     */
    @Bean
    static BeanPostProcessor patienceWithPostgresql() {
        return new BeanPostProcessor() {
            @Override
            public Object postProcessBeforeInitialization(Object bean, String name) {
                if (bean instanceof HikariDataSource pool && pool.getJdbcUrl().startsWith("jdbc:postgresql:")) {
                    pool.getDataSourceProperties().putIfAbsent("socketTimeout", "300");
                }
                return bean;
            }
        };
    }

    @Bean
    Checkpoint checkpoint(JdbcConnectionDetails details) {
        return details.getJdbcUrl().startsWith("jdbc:h2:") ? new H2Checkpoint(details) : new NoCheckpoint();
    }

    @Bean
    GroupCheckpoint groupCheckpoint(Checkpoint checkpoint) {
        return new GroupCheckpoint(checkpoint);
    }

    @Bean
    DatabaseProbe databaseProbe(JdbcConnectionDetails details, GroupCheckpoint checkpoint) {
        return new DatabaseProbe(details, checkpoint);
    }

    @Bean
    KnownSchema knownSchema() {
        return new KnownSchema();
    }

    @Bean
    DurableCommits durableCommits(GroupCheckpoint checkpoint) {
        return new DurableCommits(checkpoint);
    }

    /** The checkpoint makes a new id durable before the volume's marker names it. */
    @Bean
    Installation installation(JdbcClient database, Checkpoint checkpoint, GroupCheckpoint group) {
        checkpoint.requireDurableCommits(database);
        UUID id = database.sql("select id from installation").query(UUID.class).single();
        group.await();
        return new Installation(id);
    }

    /** Outside the transactions, so that failures to begin and to commit one are seen too. */
    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static DefaultPointcutAdvisor unavailableDatabaseOfTransactionalClasses() {
        return outsideTransactions(AnnotationMatchingPointcut.forClassAnnotation(Transactional.class));
    }

    /** As above. */
    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static DefaultPointcutAdvisor unavailableDatabaseOfTransactionalMethods() {
        return outsideTransactions(AnnotationMatchingPointcut.forMethodAnnotation(Transactional.class));
    }

    private static DefaultPointcutAdvisor outsideTransactions(AnnotationMatchingPointcut pointcut) {
        DefaultPointcutAdvisor advisor = new DefaultPointcutAdvisor(pointcut, new UnavailableDatabaseInterceptor());
        advisor.setOrder(Ordered.LOWEST_PRECEDENCE - 1);
        return advisor;
    }
}
