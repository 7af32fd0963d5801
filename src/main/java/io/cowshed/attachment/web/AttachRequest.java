package io.cowshed.attachment.web;

import io.cowshed.attachment.Access;
import io.cowshed.attachment.NewAttachment;
import io.cowshed.attachment.OnDetach;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Who is to have a disk, and how. */
record AttachRequest(
        @Schema(
                description = "Who is to have it: 1 to 255 characters. The same holder has an image once.",
                example = "vm-17@host-3")
        @NotNull
        String holder,

        @Schema(
                description =
                        "rw: to write to it, alone; ro: to read it, with others. By default ro of a sealed image, rw of another.")
        @Nullable
        Access access,

        @Schema(
                description = "How long it lasts after each sign of life, as an ISO 8601 duration from PT1S to P30D.",
                types = "string",
                format = "duration",
                defaultValue = "PT15M",
                example = "PT15M")
        @Nullable
        Duration ttl,

        @Schema(
                description =
                        "The absolute path of the directory where the holder has the volume mounted; by default where this service has it.",
                example = "/mnt/cowshed")
        @Nullable
        String mount,

        @Schema(
                description =
                        "What becomes of a disposable image when the last that has it leaves it: it stays, goes to the trash, or for good; with children it goes to the trash with the last of them.",
                defaultValue = "keep")
        @Nullable
        OnDetach onDetach) {

    NewAttachment wanted() {
        return new NewAttachment(holder, access, ttl, mount, onDetach);
    }
}
