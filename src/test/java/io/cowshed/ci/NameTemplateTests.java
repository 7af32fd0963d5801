package io.cowshed.ci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.catalog.ImageName;
import io.cowshed.problem.CowshedException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NameTemplateTests {

    private static List<String> names(String template, Map<String, String> variables, int count) {
        return new NameTemplate(template)
                .names(variables, count).stream().map(ImageName::value).toList();
    }

    @Test
    void namesAreLegal() {
        assertThat(names("{{repository}}--{{ job.name }}", Map.of("repository", "Org/Répo", "job.name", "A (x)"), 1))
                .containsExactly("org-r-po--a--x-");
        assertThat(names("{{ref}}x", Map.of("ref", "../-_"), 1)).containsExactly("x");
        assertThat(names("{{ref}}", Map.of("ref", "$1\\"), 1)).containsExactly("1-");
        assertThat(names("{{sha}}", Map.of(), 2)).allMatch(name -> name.matches("job-[0-9a-f]{8}-[12]"));
        assertThat(names("{{sha}}", Map.of("sha", "6f1c2d9e-5a0b-4c7f-9a53-0d2f4c1b7e11"), 1))
                .allMatch(name -> name.startsWith("job-6f1c2d9e"));
    }

    @Test
    void longNamesAreCutAndStayDifferent() {
        String common = "n".repeat(200);
        List<String> one = names("{{job.name}}", Map.of("job.name", common + "1"), 3);
        List<String> two = names("{{job.name}}", Map.of("job.name", common + "2"), 3);
        assertThat(one).allMatch(name -> name.length() == 128).doesNotContainAnyElementsOf(two);
        assertThat(one.getFirst()).endsWith("-1");
        assertThat(one).doesNotHaveDuplicates();
    }

    @Test
    void whatIsNotKnownIsRefused() {
        for (String text :
                List.of("{{job}}", "{{}}", "{{job.id", "job.id}}", "{{{job.id}}}", "{job.id}", " ", "x".repeat(256))) {
            assertThatThrownBy(() -> new NameTemplate(text)).as(text).isInstanceOf(CowshedException.class);
        }
    }
}
