package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;

/** What a list of images is ordered by; images that are equal in this are ordered by id. */
public record ImageSort(Key key, boolean descending) {

    /** Oldest first. */
    public static final ImageSort DEFAULT = new ImageSort(Key.CREATED_AT, false);

    /** What may be sorted by. Names sort by code point. */
    public enum Key {
        CREATED_AT("createdAt"),
        NAME("name"),
        VIRTUAL_SIZE("virtualSize");

        private final String word;

        Key(String word) {
            this.word = word;
        }

        /** The word for it in the API. */
        public String word() {
            return word;
        }
    }

    /**
     * Reads {@code createdAt}, {@code name} or {@code virtualSize}, after a hyphen for descending order.
     *
     * @throws CowshedException of type INVALID_REQUEST for anything else
     */
    public static ImageSort parse(String text) {
        boolean descending = text.startsWith("-");
        String word = descending ? text.substring(1) : text;
        for (Key key : Key.values()) {
            if (key.word().equals(word)) {
                return new ImageSort(key, descending);
            }
        }
        throw Text.refuse(
                "Images cannot be sorted by " + Text.quote(text) + ".",
                "Use createdAt, name or virtualSize, or -createdAt, -name or -virtualSize for descending order.");
    }
}
