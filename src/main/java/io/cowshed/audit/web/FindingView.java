package io.cowshed.audit.web;

import io.cowshed.audit.ListedFinding;
import io.cowshed.audit.Outcome;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Something that an audit has found, as the API shows it. */
@Schema(name = "AuditFinding")
record FindingView(
        @Schema(
                description = "file-missing, not-an-image, wrong-image, no-identity, unreadable, backing-name, parent,"
                        + " virtual-size, digest, recovered, mode, group, corrupt, dirty, stranger or leftover; a later"
                        + " version may know more.",
                example = "mode")
        String kind,

        @Nullable FoundImage image,

        @Schema(description = "Relative to the volume's root.")
        String file,

        @Schema(description = "What is wrong, for people.") String detail,

        @Schema(
                description =
                        "What became of it: mended, kept as it was, or passed by itself. Null where nothing was to be"
                                + " mended, or has been yet.")
        @Nullable
        Outcome outcome,

        @Schema(
                types = {"string", "null"},
                description = "Why it was kept; null where it was not.")
        @Nullable
        String reason) {

    /** The image that a finding is about; null for a file that is no image's. */
    @Schema(name = "AuditImage")
    record FoundImage(
            UUID id,

            @Schema(
                    types = {"string", "null"},
                    description = "Null where the catalogue does not have it.")
            @Nullable
            String name) {}

    static FindingView of(ListedFinding finding) {
        return new FindingView(
                finding.kind(),
                finding.image() == null ? null : new FoundImage(finding.image(), finding.imageName()),
                finding.file(),
                finding.detail(),
                finding.outcome(),
                finding.reason());
    }
}
