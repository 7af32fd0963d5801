package io.cowshed.attachment.web;

import io.cowshed.attachment.AttachmentState;
import org.springframework.context.annotation.Configuration;
import org.springframework.format.FormatterRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Lets query parameters spell states as JSON does. */
@Configuration(proxyBeanMethods = false)
class AttachmentWords implements WebMvcConfigurer {

    @Override
    public void addFormatters(FormatterRegistry registry) {
        registry.addConverter(String.class, AttachmentState.class, AttachmentState::parse);
    }
}
