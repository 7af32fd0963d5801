package io.cowshed.catalog;

import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.ImageFileMissing;
import io.cowshed.volume.Removal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that goes when its row does.
 *
 * @param removal null where the file is gone already
 */
public record Outgoing(CataloguedFile file, @Nullable Removal removal, Settlement settlement) implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Outgoing.class);

    /** @param begin begins to remove the file */
    static Outgoing of(CataloguedFile file, Supplier<Removal> begin, Settlement settlement) {
        try {
            return new Outgoing(file, begin.get(), settlement);
        } catch (ImageFileMissing _) {
            // There is nothing to protect any more: let the row go too, if somebody else has not just removed it.
            return new Outgoing(file, null, settlement);
        }
    }

    /**
     * Takes the row away, and then the file.
     *
     * @param row deletes the row, or has it name another file, in a transaction of its own
     */
    public <T> T after(Supplier<T> row) {
        T result;
        try {
            result = row.get();
        } catch (RuntimeException failure) {
            settle(failure);
            throw failure;
        }
        if (removal != null) {
            removal.uncatalogued();
        }
        return result;
    }

    /**
     * Takes the rows of images away together, and then the disks.
     *
     * @param rows deletes those of such images, in a transaction of its own, and answers which it has deleted
     */
    static Set<UUID> after(List<Removal> removals, UnaryOperator<Set<UUID>> rows, Settlement settlement) {
        Map<UUID, Removal> disks = removals.stream()
                .collect(Collectors.toMap(removal -> removal.catalogued().image(), Function.identity()));
        Set<UUID> gone;
        try {
            gone = rows.apply(disks.keySet());
        } catch (RuntimeException failure) {
            for (Removal removal : removals) {
                if (!new Outgoing(removal.catalogued(), removal, settlement).settle(failure)) {
                    // Nor can it be told of the others.
                    break;
                }
            }
            throw failure;
        }
        Removal.uncatalogued(gone.stream().map(disks::get).toList());
        disks.keySet().removeAll(gone);
        disks.values().forEach(Removal::refused);
        return gone;
    }

    /** A commit that failed may still have been done. Answers whether that can be told. */
    private boolean settle(RuntimeException failure) {
        if (removal == null) {
            return true;
        }
        try {
            if (settlement.isThere(file)) {
                removal.refused();
            } else {
                removal.uncatalogued();
            }
            return true;
        } catch (RuntimeException e) {
            LOG.warn("Whether {} is still catalogued cannot be told now; the next sweep finds out", file, e);
            failure.addSuppressed(e);
            return false;
        }
    }

    @Override
    public void close() {
        if (removal != null) {
            removal.close();
        }
    }
}
