package io.cowshed.cow;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.io.StringReader;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/**
 * A YAML document with keys and values, or with nothing in it; JSON is one too. Its text stays as its author wrote it, but for
 * the values that are {@linkplain #with set}.
 */
final class YamlMapping {

    private static final int MOST_NESTED = 50;

    private final String name;
    private final String text;
    private final int mostAliases;
    private final Map<?, ?> values;

    private YamlMapping(String name, String text, int mostAliases, Map<?, ?> values) {
        this.name = name;
        this.text = text;
        this.mostAliases = mostAliases;
        this.values = values;
    }

    /**
     * Reads one.
     *
     * @param name what the caller knows it by
     * @param mostAliases how many of its values may be another of its mappings or lists, by an alias
     * @throws CowshedException of type INVALID_REQUEST if it is not one
     */
    static YamlMapping parse(String name, String text, int mostAliases) {
        return new YamlMapping(name, text, mostAliases, load(name, text, mostAliases));
    }

    private static Map<?, ?> load(String name, String text, int mostAliases) {
        try {
            Object loaded = yaml(mostAliases).load(text);
            if (loaded == null) {
                return Map.of();
            }
            if (loaded instanceof Map<?, ?> map) {
                return map;
            }
        } catch (YAMLException e) {
            throw refused(name + " is not YAML: " + reason(e) + ".");
        } catch (IllegalArgumentException | ClassCastException _) {
            throw refused(name + " has a value that is not what its tag says.");
        }
        throw refused(name + " has no keys and values.");
    }

    private static Yaml yaml(int mostAliases) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(mostAliases);
        options.setNestingDepthLimit(MOST_NESTED);
        return new Yaml(new SafeConstructor(options));
    }

    /** The message of the exception would repeat a part of the text. */
    private static String reason(YAMLException e) {
        return e instanceof MarkedYAMLException marked && marked.getProblemMark() != null
                ? marked.getProblem() + " (line " + (marked.getProblemMark().getLine() + 1) + ")"
                : "it cannot be read";
    }

    private static CowshedException refused(String detail) {
        return new CowshedException(
                ProblemType.INVALID_REQUEST,
                detail,
                "Write it as one document, with a line \"key: value\" for each key.");
    }

    /** The text. */
    String text() {
        return text;
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    /** The value of a key; null where there is none, or it is no text. */
    @Nullable
    String textOf(String key) {
        return values.get(key) instanceof String value ? value : null;
    }

    /**
     * The same document with another value for this key, which it need not have.
     *
     * @param value which must need no escapes in YAML's double quotes
     * @throws CowshedException of type INVALID_REQUEST if it is written so that this cannot be done
     */
    YamlMapping with(String key, String value) {
        YamlMapping changed = parse(name, edited(key, '"' + value + '"'), mostAliases);
        Map<Object, Object> wanted = new HashMap<>(values);
        wanted.put(key, value);
        if (!wanted.equals(changed.values)) {
            throw refused("In " + name + ", " + key + " cannot be set.");
        }
        return changed;
    }

    private String edited(String key, String quoted) {
        Node root = yaml(mostAliases).compose(new StringReader(text));
        if (!(root instanceof MappingNode mapping)) {
            return text + (text.isEmpty() || text.endsWith("\n") ? "" : "\n") + key + ": " + quoted + "\n";
        }
        for (NodeTuple entry : mapping.getValue()) {
            if (entry.getKeyNode() instanceof ScalarNode known
                    && known.getValue().equals(key)) {
                Node old = entry.getValueNode();
                String before = text.substring(0, offset(old.getStartMark().getIndex()));
                return before
                        + (before.endsWith(":") ? " " : "")
                        + quoted
                        + text.substring(offset(old.getEndMark().getIndex()));
            }
        }
        int start = offset(mapping.getStartMark().getIndex());
        if (text.charAt(start) == '{') {
            return text.substring(0, start + 1) + '"' + key + "\": " + quoted + ", " + text.substring(start + 1);
        }
        String indent = " ".repeat(mapping.getStartMark().getColumn());
        return text.substring(0, start) + key + ": " + quoted + "\n" + indent + text.substring(start);
    }

    /** The library counts code points. */
    private int offset(int codePoints) {
        return text.offsetByCodePoints(0, codePoints);
    }
}
