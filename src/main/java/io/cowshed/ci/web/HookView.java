package io.cowshed.ci.web;

import io.cowshed.ci.GenericMapping;
import io.cowshed.ci.Hook;
import io.cowshed.ci.Hooks;
import io.cowshed.ci.OnCompletion;
import io.cowshed.ci.Provider;
import io.cowshed.ci.Rule;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A hook as the API shows it. */
@Schema(name = "Hook", description = "Where a CI system says what becomes of its jobs, and the disks these get.")
record HookView(
        UUID id,
        String name,
        Provider provider,

        @Schema(
                description = "Where the provider is to send its deliveries, below the address of this service.",
                example = "/api/v1/hooks/01a1fb46-8588-71c4-a708-e026e6bda3fa/github")
        String path,

        @Schema(description = "Of which the first that matches a job decides.")
        List<Rule> rules,

        @Schema(description = "What becomes of the disks of a job that has ended, unless they are kept.")
        OnCompletion onCompletion,

        @Nullable GenericMapping mapping,
        Instant secretChangedAt,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "Until when the secret before this one is taken, too; null where there is none.")
        @Nullable
        Instant oldSecretUntil,

        Instant createdAt,

        @Schema(description = "The name of the access token that made it.")
        String createdBy,

        Instant updatedAt) {

    static HookView of(Hook hook) {
        return new HookView(
                hook.id(),
                hook.name(),
                hook.provider(),
                "/api/v1/hooks/" + hook.id() + "/" + hook.provider().word(),
                hook.rules(),
                hook.onCompletion(),
                hook.mapping(),
                hook.secretChangedAt(),
                hook.oldSecretUntil(),
                hook.createdAt(),
                hook.createdBy(),
                hook.updatedAt());
    }

    /** With its secret, this once. */
    @Schema(name = "HookWithSecret")
    record WithSecret(
            HookView hook,

            @Schema(description = "What the provider is to be given. It is shown only here.")
            String secret) {

        static WithSecret of(Hooks.WithSecret made) {
            return new WithSecret(HookView.of(made.hook()), made.secret());
        }

        /** Without the secret. */
        @Override
        public String toString() {
            return "WithSecret[" + hook.id() + "]";
        }
    }
}
