package io.cowshed.engine.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code qemu-img} as an oracle. Its absence, or any failure of it, fails the test with its output. */
public final class QemuImg {

    private static final Pattern FIELD = Pattern.compile("\"(\\w+)\": (\\w+)");

    private static final Pattern CHECK_FIELD = Pattern.compile("\"([a-z-]+)\": (\\d+)");

    private QemuImg() {}

    /** One line of {@code qemu-img map --output=json}. */
    public record MapEntry(
            long start, long length, int depth, boolean present, boolean zero, boolean data, OptionalLong offset) {}

    /** Runs {@code qemu-img} with these arguments and returns what it prints. */
    public static String run(String... arguments) {
        List<String> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(List.of(arguments));
        return OracleProcess.run(command);
    }

    /** What {@code qemu-img check --output=json} says, a number for each of its fields; those that are 0 may be missing. */
    public static Map<String, Long> check(Path image) {
        String output = OracleProcess.run(
                List.of("qemu-img", "check", "-f", "qcow2", "--output=json", image.toString()), Set.of(0, 2, 3));
        Map<String, Long> numbers = new TreeMap<>();
        Matcher fields = CHECK_FIELD.matcher(output);
        while (fields.find()) {
            numbers.put(fields.group(1), Long.parseLong(fields.group(2)));
        }
        return numbers;
    }

    /** The disk's content as {@code qemu-img convert} reads it. */
    public static byte[] content(Path image, String format) throws IOException {
        Path raw = Files.createTempFile("oracle", ".raw");
        try {
            run("convert", "-q", "-f", format, "-O", "raw", image.toString(), raw.toString());
            return Files.readAllBytes(raw);
        } finally {
            Files.delete(raw);
        }
    }

    /** The disk's extents as {@code qemu-img map} prints them. */
    public static List<MapEntry> map(Path image, String format) {
        List<MapEntry> entries = new ArrayList<>();
        for (String line : run("map", "-f", format, "--output=json", image.toString())
                .lines()
                .toList()) {
            if (line.contains("\"start\"")) {
                entries.add(mapEntry(line));
            }
        }
        return entries;
    }

    private static MapEntry mapEntry(String line) {
        long start = 0;
        long length = 0;
        int depth = 0;
        boolean present = false;
        boolean zero = false;
        boolean data = false;
        OptionalLong offset = OptionalLong.empty();
        Matcher fields = FIELD.matcher(line);
        while (fields.find()) {
            String value = fields.group(2);
            switch (fields.group(1)) {
                case "start" -> start = Long.parseLong(value);
                case "length" -> length = Long.parseLong(value);
                case "depth" -> depth = Integer.parseInt(value);
                case "present" -> present = Boolean.parseBoolean(value);
                case "zero" -> zero = Boolean.parseBoolean(value);
                case "data" -> data = Boolean.parseBoolean(value);
                case "offset" -> offset = OptionalLong.of(Long.parseLong(value));
                default -> throw new AssertionError("a field that is new to this test: " + line);
            }
        }
        return new MapEntry(start, length, depth, present, zero, data, offset);
    }
}
