package io.cowshed.ci;

import io.cowshed.problem.CowshedException;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonPointer;

/** Where the bodies of a CI system of no known kind have what is to be known of a job: JSON pointers (RFC 6901). */
@Schema(
        name = "HookMapping",
        description = "Where bodies have what is to be known of a job: JSON pointers (RFC 6901). For provider generic.",
        requiredProperties = {"job", "status", "ready", "done"})
public record GenericMapping(
        @Schema(
                description =
                        "The header that has the HMAC-SHA256, in hexadecimal, of the timestamp, a dot and the body.",
                defaultValue = "X-Signature-256")
        String signatureHeader,

        @Schema(
                description = "The header that says when it was sent, in seconds since 1970; at most five minutes off.",
                defaultValue = "X-Timestamp")
        String timestampHeader,

        @Schema(
                description = "The header that names the delivery; without it the signature does.",
                defaultValue = "X-Delivery-Id")
        String deliveryHeader,

        @Schema(description = "The id of the job.", example = "/build/id")
        String job,

        @Schema(description = "How far the job has come.", example = "/build/status")
        String status,

        @Schema(description = "Statuses of jobs that want their disks.", example = "[\"QUEUED\"]")
        List<String> ready,

        @Schema(description = "Statuses of jobs that have ended.", example = "[\"SUCCESS\", \"ABORTED\"]")
        List<String> done,

        @Schema(description = "Statuses of jobs that have failed.", example = "[\"FAILURE\"]")
        List<String> failed,

        @Schema(types = {"string", "null"}) @Nullable String jobName,
        @Schema(types = {"string", "null"}) @Nullable String run,
        @Schema(types = {"string", "null"}) @Nullable String attempt,
        @Schema(types = {"string", "null"}) @Nullable String repository,
        @Schema(types = {"string", "null"}) @Nullable String ref,
        @Schema(types = {"string", "null"}) @Nullable String sha,

        @Schema(
                types = {"string", "null"},
                description = "An array of the labels of the wanted runner.")
        @Nullable
        String labels) {

    private static final int MAX_STATUSES = 50;
    private static final int MAX_POINTER = 255;
    private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9-]{1,64}");

    /** @throws CowshedException of type INVALID_REQUEST if something is missing or cannot be */
    public GenericMapping(
            @Nullable String signatureHeader,
            @Nullable String timestampHeader,
            @Nullable String deliveryHeader,
            @Nullable String job,
            @Nullable String status,
            @Nullable List<@Nullable String> ready,
            @Nullable List<@Nullable String> done,
            @Nullable List<@Nullable String> failed,
            @Nullable String jobName,
            @Nullable String run,
            @Nullable String attempt,
            @Nullable String repository,
            @Nullable String ref,
            @Nullable String sha,
            @Nullable String labels) {
        this.signatureHeader = header(signatureHeader, "X-Signature-256");
        this.timestampHeader = header(timestampHeader, "X-Timestamp");
        this.deliveryHeader = header(deliveryHeader, "X-Delivery-Id");
        if (job == null || status == null) {
            throw Words.refuse(
                    "The mapping does not say where the job and its status are.",
                    "For example {\"job\": \"/build/id\", \"status\": \"/build/status\", \"ready\": [\"QUEUED\"],"
                            + " \"done\": [\"SUCCESS\"]}.");
        }
        this.job = job;
        this.status = status;
        this.ready = Words.copy(ready, MAX_STATUSES, "ready");
        this.done = Words.copy(done, MAX_STATUSES, "done");
        this.failed = Words.copy(failed, MAX_STATUSES, "failed");
        if (this.ready.isEmpty() || this.done.isEmpty()) {
            throw Words.refuse("The mapping has no status for jobs that wait, or none for jobs that have ended.", null);
        }
        List<String> statuses = Stream.of(this.ready, this.done, this.failed)
                .flatMap(List::stream)
                .toList();
        if (statuses.stream().distinct().count() < statuses.size()) {
            throw Words.refuse("The mapping has a status twice.", "A status means ready, done or failed.");
        }
        this.jobName = jobName;
        this.run = run;
        this.attempt = attempt;
        this.repository = repository;
        this.ref = ref;
        this.sha = sha;
        this.labels = labels;
        Arrays.<@Nullable String>asList(job, status, jobName, run, attempt, repository, ref, sha, labels).stream()
                .filter(Objects::nonNull)
                .forEach(GenericMapping::pointer);
    }

    private static String header(@Nullable String name, String otherwise) {
        if (name != null && !HEADER.matcher(name).matches()) {
            throw Words.refuse(Words.quote(name) + " cannot be the name of a header.", null);
        }
        return name == null ? otherwise : name;
    }

    private static void pointer(String text) {
        try {
            if (text.length() <= MAX_POINTER && text.startsWith("/")) {
                JsonPointer.compile(text);
                return;
            }
        } catch (IllegalArgumentException _) {
            // refused below
        }
        throw Words.refuse(Words.quote(text) + " is no JSON pointer.", "For example /build/id (RFC 6901).");
    }
}
