package io.cowshed.ci;

import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Labels;
import io.cowshed.catalog.Lifetime;
import io.cowshed.problem.CowshedException;
import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which jobs get disks, and which disks. What is left out matches all jobs. */
@Schema(
        name = "HookRule",
        description = "Which jobs get disks, and which disks. What is left out matches every job.",
        requiredProperties = {"image", "name"})
public record Rule(
        @ArraySchema(
                arraySchema =
                        @Schema(
                                description =
                                        "Kinds of events: workflow_job (GitHub), job and pipeline (GitLab), job (generic). By default all but pipeline."),
                schema = @Schema(allowableValues = {"workflow_job", "job", "pipeline"}))
        List<String> events,

        @ArraySchema(
                arraySchema =
                        @Schema(
                                description =
                                        "Full names of repositories, one of which must match: ? is one character, * any number of them, neither of them a slash; ** any number of any.",
                                example = "[\"octo-org/*\"]"),
                schema = @Schema(implementation = String.class))
        List<Glob> repositories,

        @ArraySchema(
                arraySchema = @Schema(description = "Branches or tags, one of which must match."),
                schema = @Schema(implementation = String.class))
        List<Glob> refs,

        @Schema(
                description = "Labels of the wanted runner, all of which the job must ask for, in any case.",
                example = "[\"self-hosted\", \"vm\"]")
        List<String> runnerLabels,

        @ArraySchema(
                arraySchema = @Schema(description = "Names of jobs, one of which must match."),
                schema = @Schema(implementation = String.class))
        List<Glob> jobNames,

        @Schema(
                description = "The sealed image that the disks are clones of: its id or name, or family:latest.",
                example = "debian-12")
        String image,

        @Schema(
                description =
                        "What the disks are called, with {{repository}}, {{job.id}}, {{job.name}}, {{run.id}}, {{run.attempt}}, {{ref}} and {{sha}} in it; in lower case, with hyphens for what a name cannot hold, cut where too long. Several are numbered.",
                type = "string",
                example = "ci-{{job.name}}-{{job.id}}")
        NameTemplate name,

        @Schema(description = "How many disks each job gets.", defaultValue = "1", minimum = "1", maximum = "16")
        Integer count,

        @Schema(
                description =
                        "disposable: they go when the job ends, or after ttl; persistent: they stay, until somebody removes them.",
                defaultValue = "disposable")
        Lifetime lifetime,

        @Schema(
                description =
                        "How long they live if nothing is heard of the job any more, PT1S to P3650D. Each rule has it, but for one for persistent disks, which has none.",
                types = {"string", "null"},
                format = "duration",
                example = "PT6H")
        @Nullable
        Duration ttl,

        @Schema(
                description = "How long they are kept, from its end on, when the job fails; not at all when left out.",
                types = {"string", "null"},
                format = "duration",
                example = "P1D")
        @Nullable
        Duration keepFailedFor,

        @Schema(description = "Labels for the disks, beside ci.job, ci.run, ci.repository and ci.provider.")
        Map<String, String> labels) {

    /** Of one hook: more would be a program, not a configuration. */
    static final int MAX_RULES = 100;

    private static final int MAX_PATTERNS = 100;
    private static final int MAX_COUNT = 16;
    private static final int MAX_LABELS = 32;
    private static final Duration LONGEST = Duration.ofDays(3650);
    private static final Set<String> KINDS = Set.of("workflow_job", "job", JobNews.PIPELINE);

    /** @throws CowshedException of type INVALID_REQUEST if something is missing or cannot be */
    public Rule(
            @Nullable List<@Nullable String> events,
            @Nullable List<@Nullable Glob> repositories,
            @Nullable List<@Nullable Glob> refs,
            @Nullable List<@Nullable String> runnerLabels,
            @Nullable List<@Nullable Glob> jobNames,
            @Nullable String image,
            @Nullable NameTemplate name,
            @Nullable Integer count,
            @Nullable Lifetime lifetime,
            @Nullable Duration ttl,
            @Nullable Duration keepFailedFor,
            @Nullable Map<String, String> labels) {
        this.events = Words.copy(events, MAX_PATTERNS, "events");
        if (!KINDS.containsAll(this.events)) {
            throw Words.refuse("A rule is for events that no hook hears of.", "Known: workflow_job, job and pipeline.");
        }
        this.repositories = Words.copy(repositories, MAX_PATTERNS, "repositories");
        this.refs = Words.copy(refs, MAX_PATTERNS, "refs");
        this.runnerLabels = Words.copy(runnerLabels, MAX_PATTERNS, "runnerLabels");
        this.jobNames = Words.copy(jobNames, MAX_PATTERNS, "jobNames");
        this.image = required("image", image);
        ImageRef.parse(this.image);
        this.name = required("name", name);
        this.count = count == null ? 1 : count;
        if (this.count < 1 || this.count > MAX_COUNT) {
            throw Words.refuse("A rule makes " + count + " disks.", "Use 1 to " + MAX_COUNT + ".");
        }
        this.lifetime = lifetime == null ? Lifetime.DISPOSABLE : lifetime;
        if (this.lifetime == Lifetime.PERSISTENT && (ttl != null || keepFailedFor != null)) {
            throw Words.refuse(
                    "A rule for persistent disks has a ttl or keepFailedFor, which only disposable ones end by.",
                    "Leave out ttl and keepFailedFor, or lifetime.");
        }
        this.ttl = this.lifetime == Lifetime.PERSISTENT ? null : checked("ttl", required("ttl", ttl));
        this.keepFailedFor = keepFailedFor == null ? null : checked("keepFailedFor", keepFailedFor);
        this.labels = new Labels(labels == null ? Map.of() : labels).values();
        if (this.labels.size() > MAX_LABELS) {
            throw Words.refuse("A rule has " + this.labels.size() + " labels.", "Use at most " + MAX_LABELS + ".");
        }
    }

    private static <T> T required(String field, @Nullable T value) {
        if (value == null) {
            throw Words.refuse(
                    "A rule has no " + field + ".",
                    "Each rule needs image and name, and ttl unless its disks are persistent.");
        }
        return value;
    }

    private static Duration checked(String field, Duration value) {
        if (value.compareTo(Duration.ofSeconds(1)) < 0 || value.compareTo(LONGEST) > 0) {
            throw Words.refuse(
                    "The " + field + " of a rule cannot be " + value + ".",
                    "Use an ISO 8601 duration from PT1S to P3650D, such as PT6H.");
        }
        return value;
    }

    boolean isDisposable() {
        return lifetime == Lifetime.DISPOSABLE;
    }

    boolean matches(JobNews job) {
        return (events.isEmpty() ? !job.kind().equals(JobNews.PIPELINE) : events.contains(job.kind()))
                && anyMatches(repositories, job.repository())
                && anyMatches(refs, job.ref())
                && anyMatches(jobNames, job.name())
                && runnerLabels.stream().allMatch(label -> job.labels().contains(label.toLowerCase(Locale.ROOT)));
    }

    private static boolean anyMatches(List<Glob> patterns, String text) {
        return patterns.isEmpty() || patterns.stream().anyMatch(pattern -> pattern.matches(text));
    }

    /** The labels of the disks that it makes for a job. */
    Map<String, String> labelsFor(Provider provider, JobNews job) {
        Map<String, String> all = new HashMap<>(labels);
        all.put("ci.provider", provider.word());
        all.put("ci.job", legal(job.id()));
        all.put("ci.run", legal(job.run()));
        all.put("ci.repository", legal(job.repository()));
        return all;
    }

    private static String legal(String value) {
        String clean = value.replaceAll("[^A-Za-z0-9._/:@+ -]", "-");
        return clean.substring(0, Math.min(clean.length(), 128));
    }
}
