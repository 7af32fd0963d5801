package io.cowshed.event.web;

import io.cowshed.event.EventType;
import io.cowshed.http.Rfc3339;
import java.time.Instant;
import org.springframework.context.annotation.Configuration;
import org.springframework.format.FormatterRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Lets query parameters spell types and times as JSON does. */
@Configuration(proxyBeanMethods = false)
class EventWords implements WebMvcConfigurer {

    @Override
    public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(
                String.class,
                EventType.class,
                word -> EventType.find(word).orElseThrow(() -> new IllegalArgumentException("no such type")));
        registry.addConverter(String.class, Instant.class, Rfc3339::parse);
    }
}
