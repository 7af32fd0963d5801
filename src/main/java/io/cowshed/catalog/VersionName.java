package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;

/**
 * The word for a version in its family, such as {@code 2026-11-20} or {@code 1.2.3}: of the same form as the {@link ImageName
 * name of an image}, but not {@code latest}, which stands for whichever version that is.
 */
public record VersionName(String value) {

    /** What stands for the newest active version. */
    static final String LATEST = "latest";

    /** @throws CowshedException of type INVALID_REQUEST if the value is no word for a version */
    public VersionName {
        if (!ImageName.FORM.matcher(value).matches() || ImageName.looksLikeId(value)) {
            throw Text.refuse(
                    Text.quote(value) + " cannot be the word for a version.",
                    "Use 1 to 128 letters, digits, '.', '_' and '-', beginning with a letter or a digit; not an id.");
        }
        if (value.equalsIgnoreCase(LATEST)) {
            throw Text.refuse(
                    Text.quote(value) + " cannot be the word for a version: it stands for the newest active one.",
                    "Use another word, such as 2026-11-20. To go back to an older version, deprecate the newest.");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
