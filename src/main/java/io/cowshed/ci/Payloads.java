package io.cowshed.ci;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads what CI systems send, within bounds: at most 64 levels deep, and every text that is used is cut. */
@Component
class Payloads {

    private static final int MAX_DEPTH = 64;
    private static final int MAX_NUMBER = 100;
    private static final int MAX_LABELS = 100;

    /** Conclusions of GitHub's after which somebody may want to look at the disk. */
    private static final Set<String> FAILURES = Set.of("failure", "timed_out", "startup_failure");

    private final JsonMapper json = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNumberLength(MAX_NUMBER)
                            .build())
                    .build())
            .build();

    /**
     * What the body says.
     *
     * @param event what the headers say that it is about
     * @throws UnreadableDelivery if it is not what the provider sends
     */
    Message read(Hook hook, String event, String body) {
        JsonNode root;
        try {
            root = json.readTree(body);
        } catch (JacksonException e) {
            throw new UnreadableDelivery("is not JSON that can be read", e);
        }
        if (!root.isObject()) {
            throw new UnreadableDelivery("is not a JSON object", null);
        }
        return switch (hook.provider()) {
            case GITHUB -> github(event, root);
            case GITLAB -> gitlab(root);
            case GENERIC -> generic(Objects.requireNonNull(hook.mapping()), root);
        };
    }

    /** <a href="https://docs.github.com/webhooks/webhook-events-and-payloads#workflow_job">workflow_job</a>. */
    private static Message github(String event, JsonNode root) {
        String action = text(root.path("action"));
        if (!event.equals("workflow_job")) {
            return new Message(event, action, null);
        }
        JsonNode job = root.path("workflow_job");
        Phase phase = switch (action) {
            case "queued", "waiting" -> Phase.READY;
            case "in_progress" -> Phase.RUNNING;
            case "completed" -> FAILURES.contains(text(job.path("conclusion"))) ? Phase.FAILED : Phase.DONE;
            case String _ -> null;
        };
        if (phase == null) {
            return new Message(event, action, null);
        }
        String id = text(job.path("id"));
        return new Message(
                event,
                action,
                new JobNews(
                        event,
                        id,
                        phase,
                        id,
                        text(job.path("name")),
                        text(job.path("run_id")),
                        text(job.path("run_attempt")),
                        text(root.at("/repository/full_name")),
                        text(job.path("head_branch")),
                        text(job.path("head_sha")),
                        labels(job.path("labels"))));
    }

    /** <a href="https://docs.gitlab.com/user/project/integrations/webhook_events/">Job and pipeline events</a>. */
    private static Message gitlab(JsonNode root) {
        return switch (text(root.path("object_kind"))) {
            case "build" -> gitlabJob(root);
            case "pipeline" -> gitlabPipeline(root);
            case String other -> new Message(other, "", null);
        };
    }

    private static Message gitlabJob(JsonNode root) {
        String status = text(root.path("build_status"));
        Phase phase = gitlabPhase(status);
        String id = text(root.path("build_id"));
        return new Message(
                "job",
                status,
                phase == null
                        ? null
                        : new JobNews(
                                "job",
                                id,
                                phase,
                                id,
                                text(root.path("build_name")),
                                text(root.path("pipeline_id")),
                                String.valueOf(root.path("retries_count").asInt(0) + 1),
                                text(root.at("/project/path_with_namespace")),
                                text(root.path("ref")),
                                text(root.path("sha")),
                                labels(root.at("/runner/tags"))));
    }

    private static Message gitlabPipeline(JsonNode root) {
        JsonNode pipeline = root.path("object_attributes");
        String status = text(pipeline.path("status"));
        Phase phase = gitlabPhase(status);
        String id = text(pipeline.path("id"));
        return new Message(
                JobNews.PIPELINE,
                status,
                phase == null
                        ? null
                        : new JobNews(
                                JobNews.PIPELINE,
                                id.isEmpty() ? id : "pipeline-" + id,
                                phase,
                                id,
                                text(pipeline.path("name")),
                                id,
                                "1",
                                text(root.at("/project/path_with_namespace")),
                                text(pipeline.path("ref")),
                                text(pipeline.path("sha")),
                                List.of()));
    }

    /** A job that is only created waits for others, maybe for hours: its disk would grow old meanwhile. */
    private static @Nullable Phase gitlabPhase(String status) {
        return switch (status) {
            case "pending" -> Phase.READY;
            case "running" -> Phase.RUNNING;
            case "success", "canceled", "skipped" -> Phase.DONE;
            case "failed" -> Phase.FAILED;
            case String _ -> null;
        };
    }

    private static Message generic(GenericMapping mapping, JsonNode root) {
        String status = text(root.at(mapping.status()));
        Phase phase = mapping.ready().contains(status)
                ? Phase.READY
                : mapping.done().contains(status)
                        ? Phase.DONE
                        : mapping.failed().contains(status) ? Phase.FAILED : null;
        String id = text(root.at(mapping.job()));
        return new Message(
                "job",
                status,
                phase == null
                        ? null
                        : new JobNews(
                                "job",
                                id,
                                phase,
                                id,
                                at(root, mapping.jobName()),
                                at(root, mapping.run()),
                                at(root, mapping.attempt()),
                                at(root, mapping.repository()),
                                at(root, mapping.ref()),
                                at(root, mapping.sha()),
                                mapping.labels() == null ? List.of() : labels(root.at(mapping.labels()))));
    }

    private static String at(JsonNode root, @Nullable String pointer) {
        return pointer == null ? "" : text(root.at(pointer));
    }

    /** A text or a whole number as text; of everything else, nothing. */
    private static String text(JsonNode value) {
        if (value.isString()) {
            return value.stringValue();
        }
        return value.isIntegralNumber() ? value.bigIntegerValue().toString() : "";
    }

    private static List<String> labels(JsonNode array) {
        return array.valueStream().limit(MAX_LABELS).map(Payloads::text).toList();
    }
}
