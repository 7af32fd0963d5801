package io.cowshed.audit.web;

import io.cowshed.audit.Audit;
import io.cowshed.audit.Auditing;
import io.cowshed.audit.Audits;
import io.cowshed.audit.FindingKind;
import io.cowshed.audit.ListedFinding;
import io.cowshed.http.Listing;
import io.cowshed.operation.web.AnswersOperation;
import io.cowshed.operation.web.OperationAnswers;
import io.cowshed.operation.web.OperationView;
import io.cowshed.operation.web.Prefer;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.security.Principal;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Begins audits and shows them. */
@RestController
@RequestMapping(path = "/api/v1/volume/audits", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "audits", description = "Whether the catalogue and the volume agree")
class AuditController {

    private static final int LIMIT = 100;
    private static final int MAX_LIMIT = 1000;

    private final Auditing auditing;
    private final Audits audits;
    private final OperationAnswers answers;

    AuditController(Auditing auditing, Audits audits, OperationAnswers answers) {
        this.auditing = auditing;
        this.audits = audits;
        this.answers = answers;
    }

    @PostMapping
    @Operation(
            operationId = "startAudit",
            summary = "Compare the catalogue with the volume",
            description = "By an operation, one at a time. Every file is looked at, not read, unless verifyDigests asks"
                    + " for it. Nothing is changed unless mend or quarantine ask for it. It is in nobody's way: images in"
                    + " use, or worked on, are looked at as far as that can be, and skipped otherwise.")
    @AnswersOperation
    @Refuses(ProblemType.AUDIT_RUNNING)
    ResponseEntity<OperationView> start(
            @RequestBody(required = false) @Nullable NewAudit request,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        NewAudit wanted = request == null ? NewAudit.PLAIN : request;
        return answers.begin(() -> auditing.submit(wanted.options(), caller.getName()), prefer);
    }

    @GetMapping
    @Operation(operationId = "listAudits", summary = "List audits", description = "A page of them, the newest first.")
    @Refuses({})
    Listing<AuditView> list(
            @Parameter(description = "nextCursor of the page before.") @RequestParam(required = false) @Nullable
                    UUID cursor,
            @RequestParam(defaultValue = "" + LIMIT) @Min(1) @Max(MAX_LIMIT) int limit) {
        List<Audit> found = audits.list(cursor, limit);
        boolean more = found.size() > limit;
        List<Audit> page = more ? found.subList(0, limit) : found;
        return new Listing<>(
                page.stream().map(AuditView::of).toList(),
                more ? page.getLast().operation().id().toString() : null);
    }

    @GetMapping("/{id}")
    @Operation(
            operationId = "getAudit",
            summary = "Show an audit",
            description = "How far it is, and how much of each kind it has found and mended so far.")
    @Refuses(ProblemType.NOT_FOUND)
    AuditView show(@PathVariable String id) {
        return AuditView.of(audits.find(parse(id)));
    }

    @GetMapping("/{id}/findings")
    @Operation(
            operationId = "listAuditFindings",
            summary = "List what an audit has found",
            description =
                    "A page of findings, so far. Of each kind the first 10000 are listed; the audit itself has how many"
                            + " there are.")
    @Refuses(ProblemType.NOT_FOUND)
    Listing<FindingView> findings(
            @PathVariable String id,
            @RequestParam(required = false) @Nullable FindingKind kind,
            @Parameter(description = "nextCursor of the page before.") @RequestParam(defaultValue = "0") @Min(0)
                    long cursor,
            @RequestParam(defaultValue = "" + LIMIT) @Min(1) @Max(MAX_LIMIT) int limit) {
        List<ListedFinding> found = audits.findings(parse(id), kind, cursor, limit);
        boolean more = found.size() > limit;
        List<ListedFinding> page = more ? found.subList(0, limit) : found;
        return new Listing<>(
                page.stream().map(FindingView::of).toList(),
                more ? Long.toString(page.getLast().number()) : null);
    }

    private static UUID parse(String id) {
        try {
            return UUID.fromString(id);
        } catch (IllegalArgumentException e) {
            throw new CowshedException(
                    ProblemType.NOT_FOUND,
                    "There is no such audit: their ids are UUIDs.",
                    "List those there are: GET /api/v1/volume/audits.",
                    e);
        }
    }
}
