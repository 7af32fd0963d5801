package io.cowshed.attachment.web;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.cowshed.attachment.Access;
import io.cowshed.attachment.AttachmentState;
import io.cowshed.attachment.Drift;
import io.cowshed.attachment.OnDetach;
import io.cowshed.attachment.Outcome;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An attachment as the API shows it. */
@Schema(name = "Attachment", description = "Who has a disk, to open its file on the volume himself.")
record AttachmentView(
        UUID id,
        Disk image,

        @Schema(description = "Who has it, by his own account.", example = "vm-17@host-3")
        String holder,

        @Schema(description = "rw: to write to it, alone; ro: to read it, with others.")
        Access access,

        @Schema(description = "What becomes of a disposable image when the last that has it leaves it.")
        OnDetach onDetach,

        @Schema(
                description =
                        "active; stale: its time is over, and it lapses as soon as no QEMU has the file open; detached, broken or lapsed: it is over.")
        AttachmentState state,

        @Schema(
                types = {"string", "null"},
                description =
                        "Whether a QEMU, or a call to this service, has the file open just now, by its locks; null in lists of all attachments, in answers to signs of life, and where there is no file.")
        @Nullable
        String qemu,

        Instant createdAt,

        @Schema(description = "The name of the access token that attached it.")
        String createdBy,

        @Schema(description = "The last sign of life of the holder.")
        Instant heartbeatAt,

        @Schema(description = "When its time is over, unless there is another sign of life.")
        Instant expiresAt,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "When it ended; null while it lasts.")
        @Nullable
        Instant endedAt,

        @Schema(
                types = {"string", "null"},
                description =
                        "The name of the access token that ended it; null while it lasts, and where its time was over.")
        @Nullable
        String endedBy,

        @Schema(
                types = {"string", "null"},
                description = "Why it was broken; null where it was not.")
        @Nullable
        String reason,

        @Schema(
                types = {"string", "null"},
                description =
                        "What became of the image; leaving: it goes to the trash with the last of its children. Null while it lasts, and, once it is over, as long as a QEMU has the file open or an operation needs the image: nothing changes the image till then.")
        @Nullable
        Outcome outcome,

        @Schema(
                types = {"object", "null"},
                implementation = Drift.class,
                description =
                        "What the file had become in the holder's hands beside what a guest writes: another length, another backing file. Null for nothing.")
        @JsonRawValue
        @Nullable
        String drift,

        @Schema(
                types = {"string", "null"},
                description =
                        "The file as the holder sees it; null, as all that follows, once it is over, in lists of all attachments, and in answers to signs of life.")
        @Nullable
        String path,

        @Schema(
                types = {"array", "null"},
                description =
                        "The files that the disk is made of, as the holder sees them: its own, its parent's, and so on.")
        @Nullable
        List<Link> chain,

        @Schema(
                types = {"string", "null"},
                description = "An argument for QEMU, quoted for a shell.")
        @Nullable
        String drive,

        @Schema(
                types = {"array", "null"},
                description = "Two arguments for QEMU, as a program passes them on.")
        @Nullable
        List<String> blockdev,

        @Schema(
                types = {"string", "null"},
                description = "An element for a libvirt domain.")
        @Nullable
        String libvirt) {

    /** The image, named as it was when it was attached. */
    @Schema(name = "AttachedImage")
    record Disk(UUID id, String name) {}

    /** A file of the chain. */
    @Schema(name = "ChainLink")
    record Link(UUID id, String name, String path) {}
}
