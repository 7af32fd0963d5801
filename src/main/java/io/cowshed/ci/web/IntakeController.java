package io.cowshed.ci.web;

import io.cowshed.ci.Delivery;
import io.cowshed.ci.Incoming;
import io.cowshed.ci.Intake;
import io.cowshed.ci.Outcome;
import io.cowshed.ci.Provider;
import io.cowshed.problem.BodyBrokeOff;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.security.SecurityRequirements;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Takes the deliveries of CI systems, which prove by a hook's secret who they are, and carry no token. */
@RestController
@RequestMapping(path = "/api/v1/hooks/{id}", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "hooks")
@SecurityRequirements
class IntakeController {

    /** In bytes. What GitHub and GitLab send of a job has some tens of kilobytes. */
    private static final int LIMIT = 1 << 20;

    private final Intake intake;

    private final MeterRegistry meters;

    /** All that can be counted is there from the beginning, at 0: a first one is an increase. */
    IntakeController(Intake intake, MeterRegistry meters) {
        this.intake = intake;
        this.meters = meters;
        for (Provider provider : Provider.values()) {
            for (Outcome outcome : Outcome.values()) {
                deliveries(provider, outcome);
            }
        }
    }

    private Counter deliveries(Provider provider, Outcome outcome) {
        return meters.counter("cowshed.hook.deliveries", "provider", provider.word(), "outcome", outcome.word());
    }

    /** What came of it, as far as a sender is told. */
    @Schema(name = "HookReceipt")
    record Receipt(
            @Schema(description = "Of the delivery, by which an administrator finds it.")
            UUID delivery,

            Outcome outcome,

            @Schema(types = {"string", "null"}) @Nullable String reason) {

        static Receipt of(Delivery delivery) {
            return new Receipt(delivery.id(), delivery.outcome(), delivery.reason());
        }
    }

    @PostMapping("/github")
    @ResponseStatus(HttpStatus.ACCEPTED)
    @Operation(
            operationId = "receiveGithub",
            summary = "Take a delivery of GitHub's",
            description = "Of the event workflow_job: queued and waiting make the disks, completed removes them, or"
                    + " keeps them where the job has failed. X-Hub-Signature-256 must be the HMAC-SHA256 of the body. What"
                    + " the rules refuse is answered with 202 too, and says so in its outcome.",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_JSON_VALUE,
                                            schema = @Schema(type = "object"))))
    @Refuses({ProblemType.DELIVERY_UNVERIFIED, ProblemType.BODY_INCOMPLETE, ProblemType.OVERLOADED})
    Receipt github(@PathVariable String id, HttpServletRequest request) {
        return take(id, Provider.GITHUB, request);
    }

    @PostMapping("/gitlab")
    @ResponseStatus(HttpStatus.ACCEPTED)
    @Operation(
            operationId = "receiveGitlab",
            summary = "Take a delivery of GitLab's",
            description =
                    "Of job events, and of pipeline events where a rule says so: pending makes the disks; success,"
                            + " canceled and skipped remove them, and so does failed, or keeps them. X-Gitlab-Token must be the"
                            + " secret.",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_JSON_VALUE,
                                            schema = @Schema(type = "object"))))
    @Refuses({ProblemType.DELIVERY_UNVERIFIED, ProblemType.BODY_INCOMPLETE, ProblemType.OVERLOADED})
    Receipt gitlab(@PathVariable String id, HttpServletRequest request) {
        return take(id, Provider.GITLAB, request);
    }

    @PostMapping("/generic")
    @ResponseStatus(HttpStatus.ACCEPTED)
    @Operation(
            operationId = "receiveGeneric",
            summary = "Take a delivery of another CI system's",
            description = "The hook's mapping says where the body has what. The signature's header must have the"
                    + " HMAC-SHA256, in hexadecimal, of the timestamp's header, a dot and the body; and the timestamp, in"
                    + " seconds since 1970, must be at most five minutes off.",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = MediaType.APPLICATION_JSON_VALUE,
                                            schema = @Schema(type = "object"))))
    @Refuses({ProblemType.DELIVERY_UNVERIFIED, ProblemType.BODY_INCOMPLETE, ProblemType.OVERLOADED})
    Receipt generic(@PathVariable String id, HttpServletRequest request) {
        return take(id, Provider.GENERIC, request);
    }

    private Receipt take(String id, Provider provider, HttpServletRequest request) {
        try {
            Delivery delivery = intake.take(new Incoming(parse(id), provider, request::getHeader, body(request)));
            deliveries(provider, delivery.outcome()).increment();
            return Receipt.of(delivery);
        } catch (CowshedException e) {
            if (e.type() == ProblemType.MALFORMED_BODY) {
                deliveries(provider, Outcome.REFUSED).increment();
            }
            throw e;
        }
    }

    /** What is no id is one that no hook has. */
    private static UUID parse(String id) {
        try {
            return UUID.fromString(id);
        } catch (IllegalArgumentException _) {
            return new UUID(0, 0);
        }
    }

    private static byte[] body(HttpServletRequest request) {
        byte[] body;
        try {
            body = request.getContentLengthLong() > LIMIT
                    ? new byte[LIMIT + 1]
                    : request.getInputStream().readNBytes(LIMIT + 1);
        } catch (IOException e) {
            throw new BodyBrokeOff(e);
        }
        if (body.length > LIMIT) {
            throw new CowshedException(
                    ProblemType.TOO_LARGE, "A delivery may be at most " + LIMIT + " bytes long.", null);
        }
        return body;
    }
}
