package io.cowshed.ci.web;

import io.cowshed.ci.GenericMapping;
import io.cowshed.ci.OnCompletion;
import io.cowshed.ci.Provider;
import io.cowshed.ci.Rule;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What may be said of hooks. */
final class HookRequests {

    private HookRequests() {}

    /** A hook that is to be. */
    @Schema(name = "NewHook")
    record NewHook(
            @Schema(
                    description =
                            "1 to 128 letters, digits and ._@-. Images that it makes have hook:<name> as createdBy.")
            @NotNull
            String name,

            @NotNull Provider provider,

            @Schema(
                    description =
                            "What the provider signs with (GitHub, generic) or sends (GitLab): 16 to 255 visible ASCII characters. Made here when left out.")
            @Nullable
            String secret,

            @Schema(description = "Of which the first that matches a job decides.") @NotNull
            List<Rule> rules,

            @Schema(
                    description =
                            "What becomes of the disks of a job that has ended, unless they are kept, and of those whose time is over.",
                    defaultValue = "purge")
            @Nullable
            OnCompletion onCompletion,

            @Nullable GenericMapping mapping) {

        /** Without the secret. */
        @Override
        public String toString() {
            return "NewHook[" + name + "]";
        }
    }

    /** What is to change about a hook. */
    @Schema(name = "HookPatch", description = "What is left out stays as it is.")
    record HookPatch(
            @Nullable String name,

            @Schema(description = "In the place of all rules that there are.") @Nullable
            List<Rule> rules,

            @Nullable OnCompletion onCompletion,

            @Schema(description = "In the place of the whole mapping that there is.") @Nullable
            GenericMapping mapping) {}

    /** Another secret. */
    @Schema(name = "NewHookSecret")
    record NewSecret(
            @Schema(description = "16 to 255 visible ASCII characters; made here when left out.") @Nullable
            String secret,

            @Schema(
                    description = "How long the present secret is taken beside it, PT0S to P30D.",
                    types = "string",
                    format = "duration",
                    defaultValue = "P1D",
                    example = "P1D")
            @Nullable
            Duration keepOldFor) {

        static final Duration DEFAULT_OVERLAP = Duration.ofDays(1);

        Duration overlap() {
            return keepOldFor == null ? DEFAULT_OVERLAP : keepOldFor;
        }

        /** Without the secret. */
        @Override
        public String toString() {
            return "NewSecret[" + keepOldFor + "]";
        }
    }
}
