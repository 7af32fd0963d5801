package io.cowshed.cow.web;

import io.cowshed.catalog.FamilyName;
import io.cowshed.cow.FamilyUpgrade;
import io.cowshed.cow.FamilyUpgrades;
import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.http.Listing;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.security.Principal;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Puts the clones of a family on its latest version. */
@RestController
@RequestMapping(path = "/api/v1/families/{family}", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "families")
class FamilyUpgradeController {

    private static final int MOST = 100;

    private final FamilyUpgrades upgrades;
    private final Answers answers;
    private final Transactions transactions;

    FamilyUpgradeController(FamilyUpgrades upgrades, Answers answers, Transactions transactions) {
        this.upgrades = upgrades;
        this.answers = answers;
        this.transactions = transactions;
    }

    /** How to upgrade a family's clones. */
    record FamilyUpgradeRequest(
            @Schema(
                    description =
                            "That what the clones hold of their own may be lost. Without that only dryRun is taken.",
                    defaultValue = "false")
            @Nullable
            Boolean discardChanges) {}

    @PostMapping("/upgrade")
    @Operation(
            operationId = "upgradeFamily",
            summary = "Put the clones of a family on its latest version",
            description = "A page of the direct clones of its other versions that are neither in the trash nor versions"
                    + " themselves. Each that can be is upgraded by an operation of its own, as POST"
                    + " /images/{ref}/upgrade has it; of the others the answer says what they are refused for. With dryRun"
                    + " nothing begins, and no disk is looked at. Repeating the call is harmless: an image that is being"
                    + " upgraded is busy.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<Listing<FamilyUpgrade>> upgrade(
            @PathVariable String family,
            @Parameter(description = "Only say what it would come to.") @RequestParam(defaultValue = "false")
                    boolean dryRun,
            @Parameter(description = "nextCursor of the page before.") @RequestParam(required = false) @Nullable
                    UUID cursor,
            @RequestParam(defaultValue = "" + MOST) @Min(1) @Max(MOST) int limit,
            @RequestBody(required = false) @Nullable FamilyUpgradeRequest request,
            Principal caller) {
        FamilyName name = new FamilyName(family);
        if (!dryRun && (request == null || !Boolean.TRUE.equals(request.discardChanges()))) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "Upgrading the clones of family \"" + name + "\" would throw away what they hold of their own.",
                    "See which they are with dryRun=true, and say {\"discardChanges\": true}.");
        }
        Listing<FamilyUpgrade> page =
                dryRun ? upgrades.plan(name, cursor, limit) : upgrades.begin(name, cursor, limit, caller.getName());
        return transactions.write(() -> answers.told(page, HttpHeaders.EMPTY));
    }
}
