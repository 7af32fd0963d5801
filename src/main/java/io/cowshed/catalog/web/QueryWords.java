package io.cowshed.catalog.web;

import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Lifetime;
import io.cowshed.catalog.OnExpire;
import org.springframework.context.annotation.Configuration;
import org.springframework.format.FormatterRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Lets query parameters spell states and lifetimes as JSON does. */
@Configuration(proxyBeanMethods = false)
class QueryWords implements WebMvcConfigurer {

    @Override
    public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(String.class, ImageState.class, ImageState::parse);
        registry.addConverter(String.class, Lifetime.class, Lifetime::parse);
        registry.addConverter(String.class, OnExpire.class, OnExpire::parse);
    }
}
