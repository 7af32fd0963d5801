package io.cowshed.cow;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.Deregistration;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Lineages;
import io.cowshed.catalog.Trash;
import io.cowshed.operation.Claims;
import io.cowshed.operation.OperationHandler;
import io.cowshed.operation.OperationRun;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import java.io.IOException;
import java.util.UUID;
import java.util.function.Supplier;
import org.springframework.stereotype.Component;

/**
 * Takes an image out of the graph: its children one after the other, each a commit of its own, and then the image. How far it
 * is, the rows say: the children that are still there are still to be done.
 */
@Component
class Splicing implements OperationHandler {

    static final String KIND = "remove";

    private final Images images;
    private final Lineages lineages;
    private final Catalog catalog;
    private final Trash trash;
    private final Claims claims;
    private final Reworks reworks;
    private final Deregistration deregistration;

    Splicing(
            Images images,
            Lineages lineages,
            Catalog catalog,
            Trash trash,
            Claims claims,
            Reworks reworks,
            Deregistration deregistration) {
        this.images = images;
        this.lineages = lineages;
        this.catalog = catalog;
        this.trash = trash;
        this.claims = claims;
        this.reworks = reworks;
        this.deregistration = deregistration;
    }

    /** What the operation did, as it is shown. */
    record Result(UUID image, long children, boolean purged) {}

    /** What is done about one image. */
    @FunctionalInterface
    private interface Step {
        void run() throws IOException, InterruptedException;
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public void run(OperationRun run) throws IOException, InterruptedException {
        Splice splice = run.request(Splice.class);
        if (splice.children() != Splice.Children.PURGE_TRASHED) {
            settle(run, splice);
            expect(run, splice);
        }
        long done = splice.count() - lineages.childrenCount(run.subject());
        for (UUID child : lineages.children(run.subject())) {
            step(run, splice, "child " + child, done, () -> {
                if (splice.children() == Splice.Children.PURGE_TRASHED) {
                    purge(run, child);
                } else {
                    reworks.runPart(run, child, splice.rework());
                }
            });
            done++;
            run.advance(0);
        }
        step(run, splice, "the image itself", done, () -> remove(run, splice));
    }

    /**
     * First of all, and whatever else may fail: a child whose file was replaced must get the row that goes with it. It is the
     * first of those left, which are done in this order.
     */
    private void settle(OperationRun run, Splice splice) {
        for (UUID child : lineages.children(run.subject())) {
            reworks.settlePart(run, child, splice.rework());
        }
        run.startOver();
    }

    private void expect(OperationRun run, Splice splice) throws IOException, InterruptedException {
        long done = splice.count() - lineages.childrenCount(run.subject());
        long[] total = {0};
        for (UUID child : lineages.children(run.subject())) {
            Image image = images.find(ImageRef.of(child));
            step(run, splice, "child " + child, done, () -> {
                try {
                    long cost = reworks.cost(image, splice.rework());
                    total[0] += image.isSealed() ? cost + image.virtualSize() : cost;
                } catch (IOException e) {
                    throw FileFailures.of(child, e);
                }
            });
            run.advance(0);
        }
        run.expect(total[0]);
    }

    private static void step(OperationRun run, Splice splice, String where, long done, Step step)
            throws IOException, InterruptedException {
        try {
            step.run();
        } catch (DatabaseUnavailable e) {
            throw e;
        } catch (CowshedException e) {
            throw new SpliceBroken(run.subject(), splice, where, done, e);
        }
    }

    private void purge(OperationRun run, UUID child) {
        deregistration.purge(
                child,
                () -> run.commit(() -> {
                    if (images.exists(child)) {
                        claims.release(run.id(), child);
                        catalog.remove(ImageRef.of(child), null);
                    }
                    return child;
                }));
    }

    @Override
    public void clearUp(OperationRun run) throws IOException, InterruptedException {
        Splice splice = run.request(Splice.class);
        if (splice.children() != Splice.Children.PURGE_TRASHED) {
            reworks.clearUp(run, splice.rework());
        }
    }

    private void remove(OperationRun run, Splice splice) {
        UUID id = run.subject();
        Supplier<Result> rows = () -> {
            claims.release(run.id(), id);
            if (splice.purge()) {
                catalog.remove(ImageRef.of(id), null);
            } else {
                trash.put(ImageRef.of(id), null);
            }
            return new Result(id, splice.count(), splice.purge());
        };
        if (splice.purge()) {
            deregistration.purge(id, () -> run.finish(rows));
        } else if (images.find(ImageRef.of(id)).isSealed()) {
            // Guests may still read it as the backing of what their images were when they started.
            run.finish(rows);
        } else {
            deregistration.whileIdle(id, () -> run.finish(rows));
        }
    }
}
