package io.cowshed.audit.web;

import io.cowshed.audit.Audit;
import io.cowshed.audit.AuditOptions;
import io.cowshed.audit.KindCount;
import io.cowshed.operation.OperationState;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An audit as the API shows it. */
@Schema(name = "Audit", description = "The catalogue compared with the volume. Its operation has the same id.")
record AuditView(
        UUID id,
        OperationState state,

        @Schema(
                types = {"boolean", "null"},
                description = "Whether nothing was found; null until it has succeeded.")
        @Nullable
        Boolean clean,

        @Schema(description = "How many there are of each kind, so far.")
        List<KindCount> findings,

        @Schema(description = "How many images were looked at, so far.")
        long images,

        @Schema(description = "How many of them were read.") long verified,

        @Schema(description = "How many could not be judged, because something else was going on with them.")
        long skipped,

        @Schema(description = "How many names on the volume were looked at, so far.")
        long files,

        boolean verifyDigests,
        AuditOptions.Mend mend,
        boolean quarantine,
        Instant createdAt,

        @Schema(description = "The name of the access token that asked for it; cowshed for one that comes every day.")
        String createdBy,

        @Schema(
                types = {"string", "null"},
                format = "date-time")
        @Nullable
        Instant finishedAt) {

    static AuditView of(Audit audit) {
        OperationState state = audit.operation().state();
        return new AuditView(
                audit.operation().id(),
                state,
                state == OperationState.SUCCEEDED ? audit.counts().isEmpty() : null,
                audit.counts(),
                audit.images(),
                audit.verified(),
                audit.skipped(),
                audit.files(),
                audit.options().verifyDigests(),
                audit.options().mend(),
                audit.options().quarantine(),
                audit.operation().createdAt(),
                audit.operation().createdBy(),
                audit.operation().finishedAt());
    }
}
