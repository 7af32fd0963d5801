package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The labels of an image, at most 64. A key has 1 to 63 letters, digits, dots, underscores, slashes and hyphens; a value
 * up to 128 of these, spaces, and {@code : @ +}.
 *
 * @param values by key, sorted
 */
public record Labels(Map<String, String> values) {

    /** Of one image: more belongs in a database of the caller's own. */
    public static final int MAX_COUNT = 64;

    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,62}");
    private static final Pattern VALUE = Pattern.compile("[A-Za-z0-9._/:@+ -]{0,128}");
    private static final Labels NONE = new Labels(Map.of());

    /** @throws CowshedException of type INVALID_REQUEST if there are too many, or one is of another form */
    public Labels {
        if (values.size() > MAX_COUNT) {
            throw Text.refuse("There are " + values.size() + " labels.", "Use at most " + MAX_COUNT + ".");
        }
        values.forEach((key, value) -> {
            requireKey(key);
            requireValue(value);
        });
        values = Collections.unmodifiableMap(new TreeMap<>(values));
    }

    public static Labels none() {
        return NONE;
    }

    /** These labels with some set and, where the value is null, taken away (RFC 7396). */
    Labels merge(Map<String, @Nullable String> changes) {
        Map<String, String> merged = new TreeMap<>(values);
        changes.forEach((key, value) -> {
            if (value == null) {
                merged.remove(key);
            } else {
                merged.put(key, value);
            }
        });
        return new Labels(merged);
    }

    static String requireKey(String key) {
        if (!KEY.matcher(key).matches()) {
            throw Text.refuse(
                    Text.quote(key) + " cannot be the key of a label.",
                    "Use 1 to 63 letters, digits, '.', '_', '/' and '-', beginning with a letter or a digit.");
        }
        return key;
    }

    static String requireValue(@Nullable String value) {
        if (value == null || !VALUE.matcher(value).matches()) {
            throw Text.refuse(
                    (value == null ? "null" : Text.quote(value)) + " cannot be the value of a label.",
                    "Use up to 128 letters, digits, spaces and '.', '_', '/', ':', '@', '+', '-'.");
        }
        return value;
    }
}
