package io.cowshed.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.cowshed.problem.CowshedException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class ByteSizeTests {

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "512, 512",
        "512B, 512",
        "1KiB, 1024",
        "20GiB, 21474836480",
        "20 GiB, 21474836480",
        "8191PiB, 9222246136947933184",
        "9223372036854775807, 9223372036854775807"
    })
    void readsBytesAndBinaryUnits(String text, long bytes) {
        assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-1",
                "1.5GiB",
                "GiB",
                "20GB",
                "20gib",
                "9223372036854775808",
                "8192PiB",
                "99999999999999999999"
            })
    void refusesWhatIsNoSize(String text) {
        assertThatExceptionOfType(CowshedException.class).isThrownBy(() -> ByteSize.parse(text));
    }

    @ParameterizedTest
    @CsvSource({"1024, 1024", "\"1KiB\", 1024"})
    void standsInJsonAsNumberOrText(String json, long bytes) {
        assertThat(new JsonMapper().readValue(json, ByteSize.class).bytes()).isEqualTo(bytes);
    }
}
