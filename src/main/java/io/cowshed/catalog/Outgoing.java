package io.cowshed.catalog;

import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.ImageFileMissing;
import io.cowshed.volume.Removal;
import java.util.function.Supplier;
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

    /** A commit that failed may still have been done. */
    private void settle(RuntimeException failure) {
        if (removal == null) {
            return;
        }
        try {
            if (settlement.isThere(file)) {
                removal.refused();
            } else {
                removal.uncatalogued();
            }
        } catch (RuntimeException e) {
            LOG.warn("Whether {} is still catalogued cannot be told now; the next sweep finds out", file, e);
            failure.addSuppressed(e);
        }
    }

    @Override
    public void close() {
        if (removal != null) {
            removal.close();
        }
    }
}
