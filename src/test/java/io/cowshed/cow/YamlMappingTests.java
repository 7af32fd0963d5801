package io.cowshed.cow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.problem.CowshedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlMappingTests {

    private static String with(String text) {
        return YamlMapping.parse("it", text, 0).with("id", "new").text();
    }

    /** {@code |} stands for the end of a line. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "''; id: \"new\"|",
                "# nothing; # nothing|id: \"new\"|",
                "---; ---|id: \"new\"|",
                "a: 1; id: \"new\"|a: 1",
                "# c|a: 1|; # c|id: \"new\"|a: 1|",
                "---|a: 1|...|; ---|id: \"new\"|a: 1|...|",
                "---|  a: 1|  b: 2|; ---|  id: \"new\"|  a: 1|  b: 2|",
                "a: 1|id: old # mine|b: 2; a: 1|id: \"new\" # mine|b: 2",
                "id: 'old'|; id: \"new\"|",
                "id:|b: 1; id: \"new\"|b: 1",
                "? id|: old|b: 1|; ? id|: \"new\"|b: 1|",
                "{}; {\"id\": \"new\", }",
                "{\"a\":1,\"id\":\"old\"}; {\"a\":1,\"id\": \"new\"}",
                "{\"a\":1}; {\"id\": \"new\", \"a\":1}",
                "'😀: \"😀\"|id: old|z: 😀|'; '😀: \"😀\"|id: \"new\"|z: 😀|'",
                "a: {id: inner}|; id: \"new\"|a: {id: inner}|"
            })
    void changesOneValueAndNoOtherCharacter(String before, String after) {
        assertThat(with(before.replace('|', '\n'))).isEqualTo(after.replace('|', '\n'));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "id: >|  folded|b: 1|",
                "id:|- a|- b|b: 1|",
                "id: &x old|b: *x|",
                "{a: 1} # {|...|---|{b: 1}",
                "null",
                "'id: [a,|  b]|c: !x d'"
            })
    void refusesWhatItCannotChangeSo(String text) {
        assertThatThrownBy(() -> with(text.replace('|', '\n'))).isInstanceOf(CowshedException.class);
    }

    /** A tag says what a value is; the library fails in ways of its own where the value is something else. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a: !!int one",
                "a: !!float one",
                "a: !!timestamp one",
                "a: !!binary '%'",
                "a: !!set [1]",
                "a: !!seq {b: 1}",
                "a: !!map [1]",
                "a: !!str [1]"
            })
    void refusesValuesThatAreNotWhatTheirTagSays(String text) {
        assertThatThrownBy(() -> YamlMapping.parse("metaData", text, 0)).isInstanceOf(CowshedException.class);
    }

    @Test
    void saysWhereItIsWrongAndRepeatsNothing() {
        assertThatThrownBy(() -> YamlMapping.parse("metaData", "a: 1\npassword: [s3cret\n", 0))
                .isInstanceOfSatisfying(
                        CowshedException.class,
                        e -> assertThat(e.detail())
                                .contains("metaData is not YAML", "line 3")
                                .doesNotContain("s3cret"));
    }
}
