package io.cowshed.volume;

import java.util.List;
import java.util.UUID;

/**
 * What a sweep did.
 *
 * @param removed images of which a file without a row was removed
 * @param spared images whose leftovers could not be removed yet, because someone still needs or has them
 */
public record SweepReport(List<UUID> removed, List<UUID> spared) {

    public SweepReport {
        removed = List.copyOf(removed);
        spared = List.copyOf(spared);
    }
}
