package io.cowshed.ci.web;

import io.cowshed.ci.Delivery;
import io.cowshed.ci.HookDeliveries;
import io.cowshed.ci.Hooks;
import io.cowshed.ci.Intake;
import io.cowshed.ci.Outcome;
import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.http.Listing;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** What hooks have received, for administrators. */
@RestController
@RequestMapping(path = "/api/v1/hooks/{id}/deliveries", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "hooks")
class HookDeliveryController {

    private final Hooks hooks;
    private final HookDeliveries deliveries;
    private final Intake intake;
    private final Answers answers;
    private final Transactions transactions;

    HookDeliveryController(
            Hooks hooks, HookDeliveries deliveries, Intake intake, Answers answers, Transactions transactions) {
        this.hooks = hooks;
        this.deliveries = deliveries;
        this.intake = intake;
        this.answers = answers;
        this.transactions = transactions;
    }

    @GetMapping
    @Operation(
            operationId = "listHookDeliveries",
            summary = "List what a hook has received",
            description = "A page of its deliveries, the newest first. Those that were not verified are not recorded.")
    @Refuses(ProblemType.NOT_FOUND)
    Listing<HookDeliveryView> list(
            @PathVariable UUID id,
            @RequestParam(required = false) @Nullable Outcome outcome,
            @Parameter(description = "The job that they are about, as deliveries have it.")
                    @RequestParam(required = false)
                    @Nullable
                    String job,
            @Parameter(description = "nextCursor of the page before.") @RequestParam(required = false) @Nullable
                    UUID cursor,
            @RequestParam(defaultValue = "" + HookDeliveries.DEFAULT_LIMIT) @Min(1) @Max(HookDeliveries.MAX_LIMIT)
                    int limit) {
        List<Delivery> found = deliveries.list(hooks.find(id).id(), outcome, job, cursor, limit);
        boolean more = found.size() > limit;
        List<Delivery> page = more ? found.subList(0, limit) : found;
        return new Listing<>(
                page.stream().map(HookDeliveryView::of).toList(),
                more ? page.getLast().id().toString() : null);
    }

    @GetMapping("/{delivery}")
    @Operation(
            operationId = "getHookDelivery",
            summary = "Show a delivery",
            description = "What was received, and what came of it.")
    @Refuses(ProblemType.NOT_FOUND)
    HookDeliveryView show(@PathVariable UUID id, @PathVariable UUID delivery) {
        return HookDeliveryView.of(deliveries.find(id, delivery));
    }

    @PostMapping("/{delivery}/replay")
    @Operation(
            operationId = "replayHookDelivery",
            summary = "Go through a delivery again",
            description = "By the rules that the hook has now: after a rule was mended, or what refused the disks was"
                    + " done away with. A job that has its disks gets no others, nor does one that has ended.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.MALFORMED_BODY})
    ResponseEntity<HookDeliveryView> replay(@PathVariable UUID id, @PathVariable UUID delivery) {
        HookDeliveryView replayed = HookDeliveryView.of(intake.replay(id, delivery));
        return transactions.write(() -> answers.told(replayed, HttpHeaders.EMPTY));
    }
}
