package io.cowshed.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What Prometheus would get to see, read as it reads it. */
record Scrape(String text, List<Sample> samples) {

    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][\\w:]*)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    /** One line of it. */
    record Sample(String name, Map<String, String> labels, double value) {}

    static Scrape of(ApiClient caller) {
        ApiClient.Answer answer = caller.get("/actuator/prometheus");
        assertThat(answer.status()).as("%s", answer).isEqualTo(200);
        String text = new String(answer.bytes(), StandardCharsets.UTF_8);
        return new Scrape(
                text,
                text.lines()
                        .filter(line -> !line.startsWith("#") && !line.isBlank())
                        .map(Scrape::sample)
                        .toList());
    }

    private static Sample sample(String line) {
        Matcher sample = SAMPLE.matcher(line);
        assertThat(sample.matches()).as(line).isTrue();
        Map<String, String> labels = new LinkedHashMap<>();
        if (sample.group(2) != null) {
            Matcher label = LABEL.matcher(sample.group(2));
            while (label.find()) {
                labels.put(label.group(1), label.group(2));
            }
        }
        double value = Double.parseDouble(sample.group(3).replace("+Inf", "Infinity"));
        return new Sample(sample.group(1), labels, value);
    }

    Stream<Sample> named(String name) {
        return samples.stream().filter(sample -> sample.name().equals(name));
    }

    /** The sum of those that have these labels, given as name, value, name, value; empty where there are none. */
    OptionalDouble sum(String name, String... labels) {
        double[] values = named(name)
                .filter(sample -> {
                    for (int i = 0; i < labels.length; i += 2) {
                        if (!labels[i + 1].equals(sample.labels().get(labels[i]))) {
                            return false;
                        }
                    }
                    return true;
                })
                .mapToDouble(Sample::value)
                .toArray();
        return values.length == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(Arrays.stream(values).sum());
    }

    /** As {@link #sum}, where there must be one. */
    double value(String name, String... labels) {
        return sum(name, labels)
                .orElseThrow(() -> new AssertionError(name + " " + String.join(" ", labels) + "\n" + text));
    }
}
