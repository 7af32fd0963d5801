package io.cowshed.ci.web;

import io.cowshed.http.NullableProperty;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What annotations cannot say of the schemas here: that an object may be null. */
@Configuration(proxyBeanMethods = false)
class HookSchemas {

    @Bean
    OpenApiCustomizer nullsInHooks() {
        return api -> NullableProperty.allow(api, "Hook", "mapping");
    }
}
