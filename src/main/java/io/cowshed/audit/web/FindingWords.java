package io.cowshed.audit.web;

import io.cowshed.audit.FindingKind;
import org.springframework.context.annotation.Configuration;
import org.springframework.format.FormatterRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Lets query parameters spell kinds of findings as JSON does. */
@Configuration(proxyBeanMethods = false)
class FindingWords implements WebMvcConfigurer {

    @Override
    public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(String.class, FindingKind.class, FindingKind::parse);
    }
}
