package io.cowshed.notify;

import java.net.InetAddress;
import java.util.random.RandomGenerator;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What of the module depends on the machine, and is another in tests. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(SubscriptionProperties.class)
class NotifyConfiguration {

    @Bean
    TargetGuard targetGuard(SubscriptionProperties properties) {
        return new TargetGuard(properties, InetAddress::getAllByName);
    }

    @Bean
    WebhookSender webhookSender(TargetGuard guard, SubscriptionProperties properties) {
        return new WebhookSender(guard, properties);
    }

    @Bean
    RetrySchedule retrySchedule(SubscriptionProperties properties) {
        return new RetrySchedule(properties.retryFor(), RandomGenerator.getDefault());
    }
}
