package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;

/** The name of a family, of the same form as the {@link ImageName name of an image}. An image may have the same. */
public record FamilyName(String value) {

    /** @throws CowshedException of type INVALID_REQUEST if the value is no name */
    public FamilyName {
        if (!ImageName.FORM.matcher(value).matches() || ImageName.looksLikeId(value)) {
            throw Text.refuse(
                    Text.quote(value) + " cannot be the name of a family.",
                    "Use 1 to 128 letters, digits, '.', '_' and '-', beginning with a letter or a digit; not an id.");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
