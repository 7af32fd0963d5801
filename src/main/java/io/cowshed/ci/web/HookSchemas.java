package io.cowshed.ci.web;

import io.swagger.v3.oas.models.media.Schema;
import java.util.List;
import java.util.Set;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What annotations cannot say of the schemas here: that an object may be null. */
@Configuration(proxyBeanMethods = false)
class HookSchemas {

    @Bean
    OpenApiCustomizer nullsInHooks() {
        return api -> api.getComponents().getSchemas().computeIfPresent("Hook", (_, hook) -> {
            Schema<Object> either = new Schema<>();
            either.setOneOf(List.of(new Schema<>().$ref("HookMapping"), new Schema<>().types(Set.of("null"))));
            hook.addProperty("mapping", either);
            return hook;
        });
    }
}
