package io.cowshed.retention;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class TrashPropertiesTests {

    @ParameterizedTest
    @CsvSource({"7, P7D", "0, P0D", "7d, P7D", "90m, PT90M", "PT1H, PT1H"})
    void aNumberAloneCountsDays(String given, Duration kept) {
        Binder binder = new Binder(new MapConfigurationPropertySource(Map.of("cowshed.trash.keep", given)));

        assertThat(binder.bind("cowshed.trash", TrashProperties.class).get().keep())
                .isEqualTo(kept);
    }
}
