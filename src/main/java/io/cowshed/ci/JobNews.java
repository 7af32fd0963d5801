package io.cowshed.ci;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a delivery says of a job. What it does not say is empty.
 *
 * @param kind {@code workflow_job}, {@code job} or {@code pipeline}
 * @param key what tells the job from all others of its hook
 * @param labels of the runner that it wants, in lower case
 */
record JobNews(
        String kind,
        String key,
        Phase phase,
        String id,
        String name,
        String run,
        String attempt,
        String repository,
        String ref,
        String sha,
        List<String> labels) {

    /** The kind that stands for several jobs together. */
    static final String PIPELINE = "pipeline";

    private static final int MAX_KEY = 200;
    private static final int MAX_WORD = 1000;

    JobNews {
        if (key.isEmpty() || key.length() > MAX_KEY) {
            throw new UnreadableDelivery(
                    "names no job, or one with an id of more than " + MAX_KEY + " characters", null);
        }
        key = Words.fit(key, MAX_KEY);
        id = Words.fit(id, MAX_WORD);
        name = Words.fit(name, MAX_WORD);
        run = Words.fit(run, MAX_WORD);
        attempt = Words.fit(attempt, MAX_WORD);
        repository = Words.fit(repository, MAX_WORD);
        ref = Words.fit(ref, MAX_WORD);
        sha = Words.fit(sha, MAX_WORD);
        labels = labels.stream().map(label -> label.toLowerCase(Locale.ROOT)).toList();
    }

    /** What a template may say. */
    Map<String, String> variables() {
        return Map.of(
                "repository", repository,
                "job.id", id,
                "job.name", name,
                "run.id", run,
                "run.attempt", attempt,
                "ref", ref,
                "sha", sha);
    }
}
