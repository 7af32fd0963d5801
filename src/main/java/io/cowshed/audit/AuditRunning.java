package io.cowshed.audit;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** One audit at a time. */
final class AuditRunning extends CowshedException {

    AuditRunning() {
        super(
                ProblemType.AUDIT_RUNNING,
                "Another audit is not over yet.",
                "Wait for it, or cancel it; it is the first of GET /api/v1/volume/audits, and an operation:"
                        + " POST /api/v1/operations/{id}/cancel.");
    }
}
