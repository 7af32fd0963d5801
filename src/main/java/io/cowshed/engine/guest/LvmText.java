package io.cowshed.engine.guest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses LVM2's text format: sections of {@code name { … }} and {@code name = value}, where a value is a number, a quoted
 * string, or an array of these ({@code lvm.conf(5)}, "SYNTAX"; LVM2, {@code libdm/libdm-config.c}).
 */
final class LvmText {

    /** Real metadata has sections in four levels. */
    private static final int MAX_DEPTH = 8;

    private final String text;
    private int position;

    private LvmText(String text) {
        this.text = text;
    }

    static LvmSection parse(String text) throws LeftAloneException {
        LvmText parser = new LvmText(text);
        LvmSection section = parser.section(0);
        LeftAloneException.unless(parser.position == text.length(), "its LVM metadata is damaged");
        return section;
    }

    private LvmSection section(int depth) throws LeftAloneException {
        LeftAloneException.unless(depth <= MAX_DEPTH, "its LVM metadata is nested too deep");
        Map<String, LvmValue> values = new LinkedHashMap<>();
        while (true) {
            skipSpace();
            if (position == text.length() || text.charAt(position) == '}') {
                return new LvmSection(values);
            }
            String name = name();
            skipSpace();
            LvmValue value;
            if (accept('{')) {
                value = section(depth + 1);
                expect('}');
            } else {
                expect('=');
                value = value();
            }
            LeftAloneException.unless(values.put(name, value) == null, "its LVM metadata says something twice");
        }
    }

    private LvmValue value() throws LeftAloneException {
        skipSpace();
        if (!accept('[')) {
            return single();
        }
        List<LvmValue> values = new ArrayList<>();
        skipSpace();
        while (!accept(']')) {
            values.add(single());
            skipSpace();
            if (!accept(',')) {
                expect(']');
                break;
            }
            skipSpace();
        }
        return new LvmValue.Array(values);
    }

    private LvmValue single() throws LeftAloneException {
        if (accept('"')) {
            StringBuilder string = new StringBuilder();
            while (!accept('"')) {
                accept('\\');
                string.append(take());
            }
            return new LvmValue.Text(string.toString());
        }
        int from = position;
        while (position < text.length() && ("+-.".indexOf(text.charAt(position)) >= 0 || isDigit())) {
            position++;
        }
        try {
            return new LvmValue.Whole(Long.parseLong(text, from, position, 10));
        } catch (NumberFormatException e) {
            throw new LeftAloneException("its LVM metadata has a number that is none");
        }
    }

    private boolean isDigit() {
        return text.charAt(position) >= '0' && text.charAt(position) <= '9';
    }

    private String name() throws LeftAloneException {
        int from = position;
        while (position < text.length() && isOfName(text.charAt(position))) {
            position++;
        }
        LeftAloneException.unless(position > from, "its LVM metadata is damaged");
        return text.substring(from, position);
    }

    static boolean isOfName(char letter) {
        return (letter >= 'a' && letter <= 'z')
                || (letter >= 'A' && letter <= 'Z')
                || (letter >= '0' && letter <= '9')
                || "+_.-".indexOf(letter) >= 0;
    }

    /** Space, and comments, which go to the end of the line; LVM ends the text with a zero byte. */
    private void skipSpace() {
        while (position < text.length()) {
            char letter = text.charAt(position);
            if (letter == '#') {
                int end = text.indexOf('\n', position);
                position = end < 0 ? text.length() : end;
            } else if (letter == 0 || letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r') {
                position++;
            } else {
                return;
            }
        }
    }

    private boolean accept(char letter) {
        if (position == text.length() || text.charAt(position) != letter) {
            return false;
        }
        position++;
        return true;
    }

    private void expect(char letter) throws LeftAloneException {
        skipSpace();
        LeftAloneException.unless(accept(letter), "its LVM metadata is damaged");
    }

    private char take() throws LeftAloneException {
        LeftAloneException.unless(position < text.length(), "its LVM metadata is cut off");
        return text.charAt(position++);
    }
}
