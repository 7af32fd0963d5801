package io.cowshed.rescue;

import io.cowshed.rescue.RescueNotes.Noted;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Gives every image a name: the one that it has by the export, or else the one that it was made with, as far as it is free. */
final class RescueNames {

    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final int LONGEST = 128;
    private static final int SUFFIX = 8;

    private final RescueNotes notes;
    private final Report report;

    RescueNames(RescueNotes notes, Report report) {
        this.notes = notes;
        this.report = report;
    }

    /** @param levels the highest level that there is */
    void give(int levels) {
        // Names that are known to be in use come first.
        each(levels, noted -> noted.record() != null && !isTrashed(noted));
        each(levels, noted -> noted.record() == null || isTrashed(noted));
    }

    /** In the trash an image has no claim on its name; one that others lie on cannot stay there. */
    static boolean isTrashed(Noted noted) {
        return noted.record() != null && noted.record().state().equals("trashed") && !noted.parented();
    }

    private void each(int levels, Predicate<Noted> wanted) {
        for (int level = 0; level <= levels; level++) {
            level(level, wanted);
        }
        level(RescueNotes.LAST, wanted);
    }

    private void level(int level, Predicate<Noted> wanted) {
        RescuePages.each(last -> notes.page(level, last), noted -> noted.file().id(), noted -> {
            if (wanted.test(noted)) {
                notes.name(noted.file().id(), name(noted));
            }
        });
    }

    private String name(Noted noted) {
        UUID id = noted.file().id();
        String wanted = noted.record() == null
                ? born(noted.file().born(), id)
                : noted.record().name();
        if (isTrashed(noted) || notes.take(wanted)) {
            return wanted;
        }
        String hex = id.toString().replace("-", "");
        for (int length = SUFFIX; length <= hex.length(); length *= 2) {
            String suffix = "-" + hex.substring(hex.length() - length);
            String other = wanted.substring(0, Math.min(wanted.length(), LONGEST - suffix.length())) + suffix;
            if (notes.take(other)) {
                report.problem(
                        "Image " + id + " is called " + other + " now, because another one is called " + wanted + ".");
                return other;
            }
        }
        throw new IllegalStateException("no name is left for image " + id);
    }

    private static String born(@Nullable String name, UUID id) {
        return name != null && FORM.matcher(name).matches() ? name : "rescued-" + id;
    }
}
