package io.cowshed.audit;

import io.cowshed.audit.AuditStore.Progress;
import io.cowshed.audit.AuditStore.Step;
import io.cowshed.catalog.Inventory;
import io.cowshed.event.EventType;
import io.cowshed.event.Events;
import io.cowshed.event.Subject;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operation;
import io.cowshed.operation.OperationHandler;
import io.cowshed.operation.OperationRun;
import io.cowshed.operation.Operations;
import io.cowshed.volume.Volume;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Compares the catalogue with the volume, one audit at a time. */
@Component
public class Auditing implements OperationHandler {

    static final String KIND = "audit";

    /** What an audit is about, in words. */
    private static final String VOLUME = "volume";

    private final Operations operations;
    private final AuditStore store;
    private final RowAudit rows;
    private final NameAudit names;
    private final Mending mending;
    private final Inventory inventory;
    private final Events events;
    private final Volume volume;

    Auditing(
            Operations operations,
            AuditStore store,
            RowAudit rows,
            NameAudit names,
            Mending mending,
            Inventory inventory,
            Events events,
            Volume volume) {
        this.operations = operations;
        this.store = store;
        this.rows = rows;
        this.names = names;
        this.mending = mending;
        this.inventory = inventory;
        this.events = events;
        this.volume = volume;
    }

    /**
     * Asks for an audit, in the caller's transaction.
     *
     * @throws io.cowshed.problem.CowshedException of type AUDIT_RUNNING if there is one that is not over
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public Operation submit(AuditOptions options, String createdBy) {
        Operation operation = operations.submit(new NewOperation(KIND, null, VOLUME, options, List.of(), createdBy));
        store.add(operation.id());
        return operation;
    }

    @Override
    public String kind() {
        return KIND;
    }

    /**
     * What came of it.
     *
     * @param clean whether nothing was found
     */
    private record Result(
            boolean clean, long images, long verified, long skipped, long files, List<KindCount> findings) {}

    @Override
    public void run(OperationRun run) throws InterruptedException {
        AuditOptions options = run.request(AuditOptions.class);
        volume.requireMounted();
        if (store.find(run.id()).step() == Step.IMAGES) {
            Inventory.Extent extent = inventory.extent(store.find(run.id()).afterImage());
            run.expect(extent.images() * RowAudit.LOOK + (options.verifyDigests() ? extent.sealedSize() : 0));
            rows.run(run, options);
        }
        if (store.find(run.id()).step() == Step.FILES) {
            names.run(run);
        }
        if (options.changesAnything()) {
            mending.run(run, options);
        }
        run.finish(() -> end(run));
    }

    private Result end(OperationRun run) {
        Progress progress = store.find(run.id());
        List<KindCount> counts = store.counts(List.of(run.id())).getOrDefault(run.id(), List.of());
        store.end(run.id());
        Result result = new Result(
                counts.isEmpty(), progress.images(), progress.verified(), progress.skipped(), progress.files(), counts);
        events.raise(
                EventType.VOLUME_AUDITED,
                new Subject(Subject.Kind.AUDIT, run.id(), VOLUME),
                Map.of(
                        "clean", result.clean(),
                        "images", result.images(),
                        "verified", result.verified(),
                        "skipped", result.skipped(),
                        "files", result.files(),
                        "findings", counts,
                        "createdBy", run.createdBy()));
        return result;
    }

    @Override
    public void takeBack(Operation operation) {
        store.end(operation.id());
    }
}
