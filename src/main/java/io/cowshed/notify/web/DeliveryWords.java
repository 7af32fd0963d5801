package io.cowshed.notify.web;

import io.cowshed.notify.DeliveryState;
import org.springframework.context.annotation.Configuration;
import org.springframework.format.FormatterRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Lets query parameters spell states as JSON does. */
@Configuration(proxyBeanMethods = false)
class DeliveryWords implements WebMvcConfigurer {

    @Override
    public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(String.class, DeliveryState.class, DeliveryState::of);
    }
}
