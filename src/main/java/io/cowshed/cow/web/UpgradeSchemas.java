package io.cowshed.cow.web;

import io.swagger.v3.oas.models.media.Schema;
import java.util.List;
import java.util.Set;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What annotations cannot say of the schemas here: that an object may be null. */
@Configuration(proxyBeanMethods = false)
class UpgradeSchemas {

    @Bean
    OpenApiCustomizer nullsInUpgrades() {
        return api -> api.getComponents()
                .getSchemas()
                .computeIfPresent("FamilyUpgrade", (_, upgrade) -> upgrade.addProperty("reason", reason()));
    }

    private static Schema<?> reason() {
        Schema<Object> either = new Schema<>();
        either.setDescription("What it is refused for; null for nothing.");
        either.setOneOf(List.of(new Schema<>().$ref("Obstacle"), new Schema<>().types(Set.of("null"))));
        return either;
    }
}
