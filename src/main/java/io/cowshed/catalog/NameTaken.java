package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Another image that is not in the trash has the name. */
public final class NameTaken extends CowshedException {

    /** @param holder of the name, or null if it let go of it meanwhile */
    NameTaken(String name, @Nullable UUID holder) {
        super(
                ProblemType.NAME_TAKEN,
                "The name " + Text.quote(name) + " is taken by "
                        + (holder == null ? "another image" : "image " + holder) + ".",
                "Use another name, or rename or remove the image that has it.");
        member("name", name);
        if (holder != null) {
            member("holder", holder);
        }
    }
}
