package io.cowshed.ci.web;

import io.cowshed.ci.Outcome;
import org.springframework.context.annotation.Configuration;
import org.springframework.format.FormatterRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Lets query parameters spell outcomes as JSON does. */
@Configuration(proxyBeanMethods = false)
class HookWords implements WebMvcConfigurer {

    @Override
    public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(String.class, Outcome.class, Outcome::of);
    }
}
