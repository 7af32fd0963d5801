package io.cowshed.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A table of results, for {@code docs/benchmarks.md}: medians of pairs that were measured in turn in the same run. */
final class Report {

    private final List<String> rows = new ArrayList<>();

    /** Times in milliseconds of the same work, ours and theirs, pair by pair. */
    void pairs(String work, double[] ours, double[] theirs, String target) {
        double[] ratios = new double[ours.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = ours[i] / theirs[i];
        }
        row(work, "%.1f ms".formatted(median(ours)), "%.1f ms".formatted(median(theirs)), ratio(ratios), target);
    }

    /** Things done a second, ours and theirs, pair by pair. */
    void rates(String work, double[] ours, double[] theirs, String target) {
        double[] ratios = new double[ours.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = ours[i] / theirs[i];
        }
        row(work, "%.0f /s".formatted(median(ours)), "%.0f /s".formatted(median(theirs)), ratio(ratios), target);
    }

    /** Times in milliseconds of ours alone. */
    void times(String work, double[] millis, String target) {
        row(work, "p50 %.1f ms, p95 %.1f ms".formatted(median(millis), percentile(millis, 95)), "", "", target);
    }

    void row(String work, String ours, String theirs, String ratio, String target) {
        rows.add("| %s | %s | %s | %s | %s |".formatted(work, ours, theirs, ratio, target));
    }

    /** Prints the whole table, with the machine and the date. */
    void print(String title) throws IOException {
        System.out.println();
        System.out.println("## " + title + ", " + LocalDate.now(ZoneOffset.UTC));
        System.out.println();
        System.out.println(machine());
        System.out.println();
        System.out.println("| work | Cowshed | qemu-img | ratio (median, min–max) | target |");
        System.out.println("|---|---|---|---|---|");
        rows.forEach(System.out::println);
        System.out.println();
    }

    static double median(double[] values) {
        return percentile(values, 50);
    }

    static double percentile(double[] values, int percent) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
    }

    private static String ratio(double[] ratios) {
        return "%.2f (%.2f–%.2f)"
                .formatted(
                        median(ratios),
                        Arrays.stream(ratios).min().orElseThrow(),
                        Arrays.stream(ratios).max().orElseThrow());
    }

    /** A line about where this was measured. */
    static String machine() throws IOException {
        String model = Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .findFirst()
                .map(line -> line.split(":", 2)[1].strip())
                .orElse("unknown processor");
        String store = Files.getFileStore(Path.of("")).type();
        return "Machine: %d × %s, %s, Linux %s, JDK %s."
                .formatted(
                        Runtime.getRuntime().availableProcessors(),
                        model,
                        store.toLowerCase(Locale.ROOT),
                        System.getProperty("os.version"),
                        Runtime.version());
    }
}
