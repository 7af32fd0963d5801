package io.cowshed.audit;

import io.cowshed.audit.AuditStore.Progress;
import io.cowshed.operation.Operation;
import io.cowshed.operation.OperationQuery;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Shows audits, and what they have found. */
@Component
public class Audits {

    private final Operations operations;
    private final AuditStore store;
    private final JsonMapper json;

    Audits(Operations operations, AuditStore store, JsonMapper json) {
        this.operations = operations;
        this.store = store;
        this.json = json;
    }

    /**
     * A page of audits, the newest first, and one more where there are more.
     *
     * @param after the last one of the page before; null for the first page
     */
    public List<Audit> list(@Nullable UUID after, int limit) {
        return of(operations.list(new OperationQuery(Set.of(), Auditing.KIND, null, after, limit)));
    }

    /**
     * The audit as it is now.
     *
     * @throws CowshedException of type NOT_FOUND if there is none
     */
    public Audit find(UUID id) {
        return operations
                .search(id)
                .filter(operation -> operation.kind().equals(Auditing.KIND))
                .map(operation -> of(List.of(operation)).getFirst())
                .orElseThrow(() -> new CowshedException(
                        ProblemType.NOT_FOUND,
                        "There is no audit " + id + ".",
                        "List those there are: GET /api/v1/volume/audits."));
    }

    /**
     * A page of what an audit has found, and one more where there is more.
     *
     * @param kind null for all
     * @param after the number of the last one of the page before; 0 for the first page
     */
    public List<ListedFinding> findings(UUID id, @Nullable FindingKind kind, long after, int limit) {
        return store.findings(find(id).operation().id(), kind == null ? null : kind.word(), after, limit);
    }

    private List<Audit> of(List<Operation> found) {
        List<UUID> ids = found.stream().map(Operation::id).toList();
        Map<UUID, Progress> progresses = store.find(ids);
        Map<UUID, List<KindCount>> counts = store.counts(ids);
        return found.stream()
                .map(operation -> {
                    Progress progress = Objects.requireNonNull(progresses.get(operation.id()));
                    return new Audit(
                            operation,
                            options(operation),
                            progress.images(),
                            progress.verified(),
                            progress.skipped(),
                            progress.files(),
                            counts.getOrDefault(operation.id(), List.of()));
                })
                .toList();
    }

    /** A newer build may have asked for more. */
    private AuditOptions options(Operation operation) {
        return json.readerFor(AuditOptions.class)
                .without(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .readValue(operation.request());
    }
}
