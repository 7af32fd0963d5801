package io.cowshed.catalog.web;

import io.cowshed.catalog.Lease;
import io.cowshed.catalog.LeaseTerms;
import io.cowshed.catalog.OnExpire;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** How long a disposable image lives, and what becomes of it then. */
@Schema(name = "Lease")
public record LeaseView(
        OnExpire onExpire,

        @Schema(description = "What is done before it goes; null for nothing.") @Nullable
        BeforeDelete beforeDelete,

        @Schema(description = "The latest that it can be renewed to; only a persistent image lives longer.")
        Instant renewableUntil,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "Since when its end is announced; null until then.")
        @Nullable
        Instant warnedAt,

        @Schema(
                types = {"string", "null"},
                description =
                        "What keeps it past its end: attached, in-use, busy, children, protected, published, copying,"
                                + " copy-failed, kept or failed; null for nothing.")
        @Nullable
        String heldBy,

        @Schema(
                types = {"string", "null"},
                description = "That in words; null for nothing.")
        @Nullable
        String detail) {

    static LeaseView of(Lease lease, LeaseTerms terms) {
        return new LeaseView(
                lease.onExpire(),
                lease.copy() == null ? null : new BeforeDelete(lease.copy()),
                terms.latest(lease),
                lease.warnedAt(),
                lease.hold() == null ? null : lease.hold().word(),
                lease.holdDetail());
    }
}
