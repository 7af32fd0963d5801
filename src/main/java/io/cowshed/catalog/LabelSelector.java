package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Which labels an image must have.
 *
 * @param requirements all of which must hold
 */
public record LabelSelector(List<Requirement> requirements) {

    /** More would make a query that no index helps. */
    public static final int MAX_REQUIREMENTS = 16;

    /** One thing asked of the labels. */
    public sealed interface Requirement {

        /** What it is about. */
        String key();
    }

    /** The key is there, whatever its value. */
    record Present(String key) implements Requirement {}

    /** The key is not there. */
    record Absent(String key) implements Requirement {}

    /** The key has the value. */
    record Equal(String key, String value) implements Requirement {}

    /** The key is not there, or has another value. */
    record NotEqual(String key, String value) implements Requirement {}

    /** @throws CowshedException of type INVALID_REQUEST if there are too many requirements */
    public LabelSelector {
        if (requirements.size() > MAX_REQUIREMENTS) {
            throw Text.refuse(
                    "The label filter asks for " + requirements.size() + " things.",
                    "Ask for at most " + MAX_REQUIREMENTS + ".");
        }
        requirements = List.copyOf(requirements);
    }

    /** Every image will do. */
    public static LabelSelector any() {
        return new LabelSelector(List.of());
    }

    /**
     * Reads {@code team=net,env!=prod,owner,!tmp}.
     *
     * @throws CowshedException of type INVALID_REQUEST for anything of another form
     */
    public static LabelSelector parse(String text) {
        List<Requirement> requirements = new ArrayList<>();
        for (String term : text.split(",", MAX_REQUIREMENTS + 2)) {
            requirements.add(parseTerm(term.strip()));
        }
        return new LabelSelector(requirements);
    }

    /** Whether these labels, values by key, are such. */
    public boolean matches(Map<String, String> labels) {
        return requirements.stream().allMatch(requirement -> switch (requirement) {
            case Present(String key) -> labels.containsKey(key);
            case Absent(String key) -> !labels.containsKey(key);
            case Equal(String key, String value) -> value.equals(labels.get(key));
            case NotEqual(String key, String value) -> !value.equals(labels.get(key));
        });
    }

    private static Requirement parseTerm(String term) {
        int equals = term.indexOf('=');
        if (equals > 0 && term.charAt(equals - 1) == '!') {
            return new NotEqual(Labels.requireKey(term.substring(0, equals - 1)), value(term, equals));
        }
        if (equals >= 0) {
            return new Equal(Labels.requireKey(term.substring(0, equals)), value(term, equals));
        }
        if (term.startsWith("!")) {
            return new Absent(Labels.requireKey(term.substring(1)));
        }
        return new Present(Labels.requireKey(term));
    }

    private static String value(String term, int equals) {
        return Labels.requireValue(term.substring(equals + 1));
    }
}
