package io.cowshed.http;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Function;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageConverters;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.type.LogicalType;

/**
 * Requests mean what they say: a number is not taken for a text, nor a text or a number for a time. Documents are JSON and
 * nothing else that a library on the class path would read or write as well: it would not be that strict, nor limited in length.
 */
@Configuration(proxyBeanMethods = false)
class StrictJson implements WebMvcConfigurer {

    private static final MediaType YAML = MediaType.APPLICATION_YAML;

    @Override
    public void configureMessageConverters(HttpMessageConverters.ServerBuilder builder) {
        builder.configureMessageConvertersList(
                all -> all.removeIf(one -> one.getSupportedMediaTypes().contains(YAML)));
    }

    @Bean
    JsonMapperBuilderCustomizer noGuessing() {
        return mapper -> mapper.withCoercionConfig(
                        LogicalType.Textual,
                        text -> text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                                .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                                .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
                .addModule(new SimpleModule("strict")
                        .addDeserializer(Duration.class, new FromText<>(Duration.class, Duration::parse))
                        .addDeserializer(Instant.class, new FromText<>(Instant.class, Rfc3339::parse)));
    }

    /** Reads a value of {@code java.time} from its ISO 8601 form alone. */
    private static final class FromText<T> extends StdDeserializer<T> {

        private final Function<String, T> parser;

        FromText(Class<T> type, Function<String, T> parser) {
            super(type);
            this.parser = parser;
        }

        @Override
        public T deserialize(JsonParser in, DeserializationContext context) {
            if (!in.hasToken(JsonToken.VALUE_STRING)) {
                return context.reportInputMismatch(this, "not a text");
            }
            try {
                return parser.apply(in.getString());
            } catch (DateTimeException e) {
                return context.reportInputMismatch(this, "not of ISO 8601's form");
            }
        }
    }
}
