package io.cowshed.metrics;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The alerts and the dashboard that come with the chart, and what their expressions ask for. */
final class WatchFiles {

    static final Path ALERTS = Path.of("helm/cowshed/files/alerts.yaml");
    static final Path DASHBOARD = Path.of("helm/cowshed/files/dashboard.json");

    private static final Pattern GROUPING = Pattern.compile("\\b(by|without|on|ignoring)\\s*\\([^)]*\\)");
    private static final Pattern RANGE = Pattern.compile("\\[[^\\]]*]");
    private static final Pattern SELECTOR =
            Pattern.compile("([a-zA-Z_:][\\w:]*)\\s*(?:\\{([^}]*)})?(?!\\s*\\()(?![\\w:])");
    private static final Pattern MATCHER = Pattern.compile("(\\w+)\\s*(=~|!=|!~|=)\\s*\"([^\"]*)\"");
    private static final Set<String> WORDS = Set.of("and", "or", "unless", "by", "without", "on", "ignoring", "bool");

    private WatchFiles() {}

    /**
     * What an expression asks of a metric.
     *
     * @param labels that it is selected by, with the values that they must have; empty where these are not plain
     */
    record Selected(String metric, Map<String, String> labels) {}

    /** A rule, as Prometheus reads it. */
    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> rules() {
        try {
            Map<String, List<Map<String, Object>>> document = new Yaml().load(Files.readString(ALERTS));
            List<Map<String, Object>> rules = new ArrayList<>();
            for (Map<String, Object> group : document.getOrDefault("groups", List.of())) {
                rules.addAll((List<Map<String, Object>>) Objects.requireNonNull(group.get("rules")));
            }
            return rules;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Map<String, Object>> alerts() {
        return rules().stream().filter(rule -> rule.containsKey("alert")).toList();
    }

    static JsonNode dashboard() {
        try {
            return new JsonMapper().readTree(Files.readString(DASHBOARD));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All panels but the headings. */
    static List<JsonNode> panels() {
        return dashboard()
                .path("panels")
                .valueStream()
                .filter(panel -> !panel.path("type").asString().equals("row"))
                .toList();
    }

    /** All expressions, by where they stand. */
    static Map<String, String> expressions() {
        Map<String, String> expressions = new LinkedHashMap<>();
        rules().forEach(rule -> expressions.put(
                "rule " + (rule.containsKey("alert") ? rule.get("alert") : rule.get("record")),
                String.valueOf(rule.get("expr"))));
        for (JsonNode panel : panels()) {
            for (JsonNode target : panel.path("targets")) {
                expressions.put(
                        "panel " + panel.path("title").asString() + " "
                                + target.path("refId").asString(),
                        target.path("expr").asString());
            }
        }
        return expressions;
    }

    static List<Selected> selected(String expression) {
        String bare = RANGE.matcher(expression).replaceAll("");
        bare = GROUPING.matcher(bare).replaceAll(" ");
        List<Selected> all = new ArrayList<>();
        Matcher selector = SELECTOR.matcher(bare);
        while (selector.find()) {
            if (!WORDS.contains(selector.group(1))) {
                Map<String, String> labels = new TreeMap<>();
                if (selector.group(2) != null) {
                    MATCHER.matcher(selector.group(2))
                            .results()
                            .forEach(
                                    one -> labels.put(one.group(1), one.group(2).equals("=") ? one.group(3) : ""));
                }
                all.add(new Selected(selector.group(1), labels));
            }
        }
        return all;
    }
}
