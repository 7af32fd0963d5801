package io.cowshed.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a process asked of the kernel, in the order in which it did, as {@code strace -f -yy} wrote it down. */
public final class SystemCalls {

    private static final Pattern BEGUN = Pattern.compile("(\\d+) +(\\w+)\\((.*)");
    private static final Pattern ENDED = Pattern.compile("(\\d+) +<\\.\\.\\. \\w+ resumed>(.*)");

    private final List<Call> calls;

    private SystemCalls(List<Call> calls) {
        this.calls = List.copyOf(calls);
    }

    /**
     * One of them.
     *
     * @param text its arguments and result, with the paths of descriptors in angle brackets
     * @param begun when it began: the number of a line
     * @param ended when it had ended: likewise, no less than {@code begun}; -1 if it had not
     */
    public record Call(String name, String text, int begun, int ended) {

        public boolean succeeded() {
            return ended >= 0 && !text.matches(".*\\) += -1 .*");
        }

        /** Whether it had ended when the other began. */
        public boolean isBefore(Call other) {
            return ended >= 0 && ended < other.begun;
        }
    }

    /**
     * How to run a command such that it is killed as it begins a call, or, with {@code -p}, a process that runs already. The filter
     * in the kernel ({@code --seccomp-bpf}) would be faster, but with it nobody is killed.
     *
     * @param names of the calls, with commas
     * @param number of the one that is not made any more, from 1
     */
    public static List<String> killingAt(String names, int number) {
        return List.of(
                "strace",
                "-f",
                "-e",
                "trace=" + names,
                "-e",
                "inject=" + names + ":signal=KILL:when=" + number,
                "-o",
                "/dev/null");
    }

    /** The command that runs another one and writes its calls of these names to {@code trace}. */
    public static List<String> strace(Path trace, String names) {
        return List.of(
                "strace",
                "-f",
                "--seccomp-bpf",
                "-yy",
                "-s",
                "48",
                "-e",
                "signal=none",
                "-e",
                "trace=" + names,
                "-o",
                trace.toString());
    }

    public static SystemCalls read(Path trace) throws IOException {
        List<String> lines = Files.readAllLines(trace, StandardCharsets.ISO_8859_1);
        List<Call> calls = new ArrayList<>();
        Map<String, Call> unfinished = new HashMap<>();
        for (int number = 0; number < lines.size(); number++) {
            String line = lines.get(number);
            Matcher begun = BEGUN.matcher(line);
            Matcher ended = ENDED.matcher(line);
            if (begun.matches() && line.endsWith("<unfinished ...>")) {
                unfinished.put(begun.group(1), new Call(begun.group(2), begun.group(3), number, -1));
            } else if (begun.matches()) {
                calls.add(new Call(begun.group(2), begun.group(3), number, number));
            } else if (ended.matches()) {
                Call call = unfinished.remove(ended.group(1));
                if (call != null) {
                    calls.add(new Call(call.name(), call.text() + ended.group(2), call.begun(), number));
                }
            }
        }
        calls.addAll(unfinished.values());
        return new SystemCalls(calls);
    }

    /** Those of some names whose text contains all of these, in the order in which they began. */
    public List<Call> of(String names, String... parts) {
        return calls.stream()
                .filter(call -> List.of(names.split(",", -1)).contains(call.name()))
                .filter(call -> List.of(parts).stream().allMatch(call.text()::contains))
                .sorted((one, other) -> Integer.compare(one.begun(), other.begun()))
                .toList();
    }
}
