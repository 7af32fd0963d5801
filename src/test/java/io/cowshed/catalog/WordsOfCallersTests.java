package io.cowshed.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers may call things, and what never reaches the database. */
class WordsOfCallersTests {

    @ParameterizedTest
    @ValueSource(strings = {"a", "0", "debian-12", "A.b_c-1", "1-1-1-1-1", "deadbeef"})
    void acceptsNames(String name) {
        assertThat(ImageRef.parse(name)).isEqualTo(new ImageRef.ByName(new ImageName(name)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "-a", "_a", "a b", "a/b", "ä", "a\0b", "a\n", "../x", "%00"})
    void refusesOtherNames(String name) {
        assertInvalid(() -> ImageRef.parse(name));
    }

    @Test
    void readsVersionsOfFamilies() {
        FamilyName family = new FamilyName("debian-12");
        assertThat(ImageRef.parse("debian-12:1.2")).isEqualTo(new ImageRef.ByVersion(family, new VersionName("1.2")));
        assertThat(ImageRef.parse("debian-12:latest")).isEqualTo(new ImageRef.ByLatest(family));
        assertThat(ImageRef.parse("debian-12:1.2")).hasToString("debian-12:1.2");
        assertThat(ImageRef.parse("debian-12:latest")).hasToString("debian-12:latest");
    }

    @ParameterizedTest
    @ValueSource(strings = {":", "a:", ":b", "a:b:c", "a:LATEST", "a b:c", "a:b/c", "latest:ä"})
    void refusesOtherVersions(String version) {
        assertInvalid(() -> ImageRef.parse(version));
    }

    @Test
    void refusesLongNamesAndDoesNotRepeatThem() {
        assertThat(new ImageName("x".repeat(128)).value()).hasSize(128);
        assertThatThrownBy(() -> ImageRef.parse("x".repeat(10_000)))
                .isInstanceOfSatisfying(
                        CowshedException.class, e -> assertThat(e.detail()).hasSizeLessThan(200));
    }

    @Test
    void readsIdsInEitherCaseAndNeverAsNames() {
        UUID id = UUID.randomUUID();
        assertThat(ImageRef.parse(id.toString().toUpperCase(Locale.ROOT))).isEqualTo(ImageRef.of(id));
        assertInvalid(() -> new ImageName(id.toString()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", "a=b,", "=b", "!=b", "!", "a=b=c", "a=ä", " ", "a=\0"})
    void refusesOtherSelectors(String selector) {
        assertInvalid(() -> LabelSelector.parse(selector));
    }

    @Test
    void refusesTooManyLabelsAndRequirements() {
        Map<String, String> labels = new HashMap<>();
        for (int i = 0; i <= Labels.MAX_COUNT; i++) {
            labels.put("k" + i, "v");
        }
        assertInvalid(() -> new Labels(labels));
        assertInvalid(() -> LabelSelector.parse("a,".repeat(100_000) + "a"));
    }

    @Test
    void refusesTextThatCannotBeKept() {
        ImageName name = new ImageName("a");
        for (String text : new String[] {"a\0b", "\u0007", "\ud800", "x".repeat(2001)}) {
            assertInvalid(() -> new NewImage(UUID.randomUUID(), name, text, Labels.none(), null));
        }
    }

    private static void assertInvalid(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        CowshedException.class, e -> assertThat(e.type()).isEqualTo(ProblemType.INVALID_REQUEST));
    }
}
