package io.cowshed.engine.guest;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A section of LVM2's text format: what it asks for and does not find, or finds to be of another kind, is damage. */
record LvmSection(Map<String, LvmValue> values) implements LvmValue {

    /** A number from 0 to {@code most}. */
    long number(String name, long most) throws LeftAloneException {
        if (values.get(name) instanceof LvmValue.Whole(long value) && value >= 0 && value <= most) {
            return value;
        }
        throw missing(name);
    }

    String text(String name) throws LeftAloneException {
        if (values.get(name) instanceof LvmValue.Text(String string)) {
            return string;
        }
        throw missing(name);
    }

    List<LvmValue> array(String name) throws LeftAloneException {
        if (values.get(name) instanceof LvmValue.Array(List<LvmValue> found)) {
            return found;
        }
        throw missing(name);
    }

    LvmSection section(String name) throws LeftAloneException {
        if (values.get(name) instanceof LvmSection section) {
            return section;
        }
        throw missing(name);
    }

    /** The sections within, by name; none where there is no such section. */
    Map<String, LvmSection> sections(@Nullable String name) throws LeftAloneException {
        LvmSection outer = name == null ? this : values.containsKey(name) ? section(name) : new LvmSection(Map.of());
        Map<String, LvmSection> sections = new LinkedHashMap<>();
        outer.values.forEach((key, value) -> {
            if (value instanceof LvmSection section) {
                sections.put(key, section);
            }
        });
        return sections;
    }

    /** The strings of an array. */
    Set<String> strings(String name) throws LeftAloneException {
        Set<String> strings = new TreeSet<>();
        for (LvmValue value : array(name)) {
            if (value instanceof LvmValue.Text(String string)) {
                strings.add(string);
            }
        }
        return strings;
    }

    /** Adds every string that is anywhere in it. */
    void addStringsTo(Set<String> strings) {
        values.values().forEach(value -> addStrings(value, strings));
    }

    private static void addStrings(LvmValue value, Set<String> strings) {
        switch (value) {
            case LvmValue.Text(String string) -> strings.add(string);
            case LvmValue.Whole whole -> {}
            case LvmValue.Array(List<LvmValue> values) -> values.forEach(one -> addStrings(one, strings));
            case LvmSection section -> section.addStringsTo(strings);
        }
    }

    private static LeftAloneException missing(String name) {
        return new LeftAloneException("its LVM metadata has no usable " + name);
    }
}
