package io.cowshed.ci;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.catalog.ImageName;
import io.cowshed.problem.CowshedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the disks of a job are called: text with {@code {{job.id}}} and the like in it. What a name cannot hold becomes a hyphen;
 * what would be too long is cut, and ends with a hash of all of it.
 *
 * @param text 1 to 255 characters
 */
public record NameTemplate(@JsonValue String text) {

    private static final int MAX_LENGTH = 255;
    private static final int MAX_NAME = 128;
    private static final int HASH_DIGITS = 8;
    private static final Pattern VARIABLE = Pattern.compile("\\{\\{([^{}]*)}}");
    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    private static final Set<String> KNOWN =
            new TreeSet<>(Set.of("repository", "job.id", "job.name", "run.id", "run.attempt", "ref", "sha"));

    /** @throws CowshedException of type INVALID_REQUEST if it says something that is not known of jobs */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public NameTemplate {
        if (text.isBlank() || text.length() > MAX_LENGTH) {
            throw Words.refuse(
                    "The template of a name has " + text.length() + " characters.",
                    "Use 1 to " + MAX_LENGTH + ", such as \"ci-{{job.id}}\".");
        }
        Matcher variables = VARIABLE.matcher(text);
        while (variables.find()) {
            if (!KNOWN.contains(variables.group(1).strip())) {
                throw unknown(variables.group());
            }
        }
        String rest = VARIABLE.matcher(text).replaceAll("");
        if (rest.contains("{") || rest.contains("}")) {
            throw unknown(rest);
        }
    }

    private static CowshedException unknown(String what) {
        return Words.refuse(
                "The template of a name has " + Words.quote(what) + " in it, which nothing is known of.",
                "Known in {{…}}: " + String.join(", ", KNOWN) + ".");
    }

    /** The names of so many disks: numbered, where there are several. */
    List<ImageName> names(Map<String, String> variables, int count) {
        String said = VARIABLE.matcher(text)
                .replaceAll(found -> Matcher.quoteReplacement(
                        variables.getOrDefault(found.group(1).strip(), "")));
        List<ImageName> names = new ArrayList<>(count);
        for (int i = 1; i <= count; i++) {
            String number = count == 1 ? "" : "-" + i;
            names.add(new ImageName(legal(said, MAX_NAME - number.length()) + number));
        }
        return names;
    }

    private static String legal(String said, int most) {
        String name =
                said.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9._-]", "-").replaceFirst("^[._-]+", "");
        if (name.isEmpty() || ID.matcher(name).matches()) {
            name = "job-" + name + hash(said);
        }
        if (name.length() <= most) {
            return name;
        }
        return name.substring(0, most - HASH_DIGITS - 1) + "-" + hash(said);
    }

    private static String hash(String said) {
        return Sha256.hex(said.getBytes(StandardCharsets.UTF_8)).substring(0, HASH_DIGITS);
    }
}
