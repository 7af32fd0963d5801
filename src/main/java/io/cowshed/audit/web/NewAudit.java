package io.cowshed.audit.web;

import io.cowshed.audit.AuditOptions;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What an audit is to do. */
record NewAudit(
        @Schema(
                description = "Read all sealed images, and compare their digests: takes as long as reading them.",
                defaultValue = "false")
        @Nullable
        Boolean verifyDigests,

        @Schema(
                description =
                        "What to mend. none: only report. safe: permissions; what a disk or its parent has become in"
                                + " somebody's hands is taken over, or the image gets the state error; and one that is good"
                                + " again loses it.",
                allowableValues = {"none", "safe"},
                defaultValue = "none")
        AuditOptions.@Nullable Mend mend,

        @Schema(
                description =
                        "Move files that nobody knows, uses or lies on to quarantine/ on the volume, once they are"
                                + " older than cowshed.audits.spare. Nothing is deleted.",
                defaultValue = "false")
        @Nullable
        Boolean quarantine) {

    static final NewAudit PLAIN = new NewAudit(null, null, null);

    AuditOptions options() {
        return new AuditOptions(
                Boolean.TRUE.equals(verifyDigests),
                Objects.requireNonNullElse(mend, AuditOptions.Mend.NONE),
                Boolean.TRUE.equals(quarantine));
    }
}
