package io.cowshed.catalog;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** That a name has one holder among the images that are not in the trash. The schema has the last word. */
@Component
@Transactional(propagation = Propagation.MANDATORY)
class Names {

    private final Images images;

    Names(Images images) {
        this.images = images;
    }

    /** @throws NameTaken if an image has one of the names */
    void requireFree(List<ImageName> names) {
        requireDistinct(names);
        images.firstHolder(names).ifPresent(holder -> {
            throw new NameTaken(holder.name(), holder.id());
        });
    }

    /** For a caller who leaves it to the schema whether an image has one of the names. */
    static void requireDistinct(List<ImageName> names) {
        Set<ImageName> seen = new HashSet<>();
        for (ImageName name : names) {
            if (!seen.add(name)) {
                throw Text.refuse(
                        "The name " + Text.quote(name.value()) + " is asked for twice.", "Use different names.");
            }
        }
    }

    /** For a caller whom the schema has refused one of the names. */
    NameTaken taken(List<ImageName> names) {
        return images.firstHolder(names)
                .map(holder -> new NameTaken(holder.name(), holder.id()))
                .orElseGet(() -> new NameTaken(names.getFirst().value(), null));
    }
}
