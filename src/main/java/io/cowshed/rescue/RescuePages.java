package io.cowshed.rescue;

import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Goes through what comes in pages, in the order of ids. */
final class RescuePages {

    private RescuePages() {}

    /** Reads a page. */
    @FunctionalInterface
    interface Page<T> {

        /** What comes after {@code last}, or from the beginning on; shorter than {@link Scratch#PAGE} at the end. */
        List<T> after(@Nullable UUID last);
    }

    static <T> void each(Page<T> pages, Function<T, UUID> id, Consumer<T> use) {
        eachPage(pages, id, page -> page.forEach(use));
    }

    static <T> void eachPage(Page<T> pages, Function<T, UUID> id, Consumer<List<T>> use) {
        List<T> page = pages.after(null);
        while (!page.isEmpty()) {
            use.accept(page);
            page = pages.after(id.apply(page.getLast()));
        }
    }
}
