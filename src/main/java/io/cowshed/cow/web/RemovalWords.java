package io.cowshed.cow.web;

import io.cowshed.cow.Splice;
import org.springframework.context.annotation.Configuration;
import org.springframework.format.FormatterRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Lets query parameters spell what becomes of children as JSON does. */
@Configuration(proxyBeanMethods = false)
class RemovalWords implements WebMvcConfigurer {

    @Override
    public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(String.class, Splice.Children.class, Splice.Children::parse);
    }
}
