package io.cowshed.ci;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTests {

    @ParameterizedTest
    @CsvSource({
        "octo-org/*, octo-org/repo, true",
        "octo-org/*, octo-org/a/b, false",
        "octo-org/**, octo-org/a/b, true",
        "octo-org/*, octo-org/, true",
        "octo-org/?*, octo-org/, false",
        "*, a/b, false",
        "**, a/b, true",
        "main, main, true",
        "main, maine, false",
        "m?in, main, true",
        "m?in, m/in, false",
        "**/x*y, a/b/xzzy, true",
        "**/x*y, a/b/xz/y, false",
        "[a], a, false",
        "a.c, abc, false"
    })
    void matchesWholeNames(String pattern, String text, boolean expected) {
        assertThat(new Glob(pattern).matches(text)).isEqualTo(expected);
    }

    @Test
    @Timeout(5)
    void takesNoLongerForPatternsThatAreMeantTo() {
        assertThat(new Glob("*a".repeat(100) + "b").matches("a".repeat(1000))).isFalse();
    }
}
