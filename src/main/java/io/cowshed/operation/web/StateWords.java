package io.cowshed.operation.web;

import io.cowshed.operation.OperationState;
import org.springframework.context.annotation.Configuration;
import org.springframework.format.FormatterRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Lets query parameters spell states as JSON does. */
@Configuration(proxyBeanMethods = false)
class StateWords implements WebMvcConfigurer {

    @Override
    public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(String.class, OperationState.class, OperationState::parse);
    }
}
