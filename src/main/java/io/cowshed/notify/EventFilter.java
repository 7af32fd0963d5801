package io.cowshed.notify;

import io.cowshed.catalog.LabelSelector;
import io.cowshed.event.Event;
import io.cowshed.event.EventType;
import io.cowshed.event.Subject;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Which events a subscription is told of: those for which all of this holds.
 *
 * @param types one of which must fit: a type, all of a kind as in {@code image.*}, or {@code *}; none means all
 * @param subject what they must be about; null for anything
 * @param labels that the image must have then, as text; null for anything, images or not
 */
public record EventFilter(
        List<String> types,
        @Nullable UUID subject,
        @Nullable String labels) {

    private static final int MOST_TYPES = 32;

    public EventFilter {
        types = List.copyOf(types);
    }

    /**
     * A filter that somebody asks for. What is in the database may name types that only a newer build knows.
     *
     * @throws CowshedException of type INVALID_REQUEST as those below
     */
    public static EventFilter wanted(List<String> types, @Nullable UUID subject, @Nullable String labels) {
        return new EventFilter(requireTypes(types), subject, requireSelector(labels));
    }

    /**
     * The patterns of types that somebody asks for.
     *
     * @throws CowshedException of type INVALID_REQUEST if one fits no type
     */
    public static List<String> requireTypes(List<String> types) {
        if (types.size() > MOST_TYPES) {
            throw refuse("There are " + types.size() + " types.", "Use at most " + MOST_TYPES + ".");
        }
        for (String pattern : types) {
            if (Arrays.stream(EventType.values()).noneMatch(type -> fits(pattern, type.word()))) {
                throw refuse(
                        "One of the types is that of no event.",
                        "Use image.sealed and the like, image.* for all of a kind, or * for all that there is.");
            }
        }
        return types;
    }

    /**
     * The label selector that somebody asks for.
     *
     * @throws CowshedException of type INVALID_REQUEST if it is of another form
     */
    public static @Nullable String requireSelector(@Nullable String labels) {
        if (labels != null) {
            LabelSelector.parse(labels);
        }
        return labels;
    }

    /** What somebody tries out goes to that subscription, and to no other. */
    boolean wants(Event event, UUID subscription, JsonMapper json) {
        if (event.type().equals(EventType.SUBSCRIPTION_TESTED.word())) {
            return event.subject().id().equals(subscription);
        }
        return (types.isEmpty() || types.stream().anyMatch(pattern -> fits(pattern, event.type())))
                && (subject == null || subject.equals(event.subject().id()))
                && (labels == null || hasLabels(labels, event, json));
    }

    private static boolean hasLabels(String selector, Event event, JsonMapper json) {
        if (!event.subject().is(Subject.Kind.IMAGE)) {
            return false;
        }
        JsonNode labels = json.readTree(event.data()).path("labels");
        Map<String, String> values = new TreeMap<>();
        labels.properties()
                .forEach(label -> values.put(label.getKey(), label.getValue().asString("")));
        return labels.isObject() && LabelSelector.parse(selector).matches(values);
    }

    private static boolean fits(String pattern, String type) {
        return pattern.equals("*")
                || pattern.equals(type)
                || (pattern.endsWith(".*") && type.startsWith(pattern.substring(0, pattern.length() - 1)));
    }

    private static CowshedException refuse(String detail, String action) {
        return new CowshedException(ProblemType.INVALID_REQUEST, detail, action);
    }
}
