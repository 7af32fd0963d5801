package io.cowshed.ci.web;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.cowshed.ci.Delivery;
import io.cowshed.ci.MadeDisk;
import io.cowshed.ci.Outcome;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A delivery as the API shows it. */
@Schema(name = "HookDelivery", description = "What a hook has received, and what came of it.")
record HookDeliveryView(
        UUID id,

        @Schema(description = "What its sender calls it by: the same again is answered with this, and does nothing.")
        String key,

        Instant receivedAt,

        @Schema(description = "The provider's word for what happened.", example = "workflow_job")
        String event,

        @Schema(description = "The provider's word for how far it has come.", example = "queued")
        String action,

        @Schema(
                types = {"string", "null"},
                description = "What tells the job from all others of the hook; null where it is about none.")
        @Nullable
        String job,

        @Schema(
                description =
                        "created: the disks were made; removed: they go, those in use as soon as they are not; kept: the job has failed; recorded: nothing was to be done; ignored: said before, or of no interest; refused: they could not be made, or it could not be read.")
        Outcome outcome,

        @Schema(
                types = {"string", "null"},
                description = "Why, in words, where there is something to say.")
        @Nullable
        String reason,

        @Schema(description = "The disks that the outcome is about; they may be gone.")
        List<Disk> images,

        @Schema(
                types = {"object", "null"},
                description = "Why it was refused, an RFC 9457 problem.")
        @JsonRawValue
        @Nullable
        String problem,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "When it was last gone through again; null for never.")
        @Nullable
        Instant replayedAt) {

    /** A disk that was made for a job. */
    @Schema(name = "HookDeliveryImage")
    record Disk(
            UUID id,

            @Schema(description = "As it was made with.") String name) {

        static Disk of(MadeDisk disk) {
            return new Disk(disk.id(), disk.name());
        }
    }

    static HookDeliveryView of(Delivery delivery) {
        return new HookDeliveryView(
                delivery.id(),
                delivery.key(),
                delivery.receivedAt(),
                delivery.event(),
                delivery.action(),
                delivery.job(),
                delivery.outcome(),
                delivery.reason(),
                delivery.images().stream().map(Disk::of).toList(),
                delivery.problem(),
                delivery.replayedAt());
    }
}
