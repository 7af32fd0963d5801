package io.cowshed.cow;

import io.cowshed.problem.CowshedException;
import io.swagger.v3.oas.annotations.media.Schema;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A refusal to come: the problem's type and words. */
public record Obstacle(
        URI type,
        String detail,

        @Schema(
                types = {"string", "null"},
                description = "The call that would work instead.")
        @Nullable
        String action) {

    /** What would be refused, each rule asked on its own. */
    static List<Obstacle> of(List<Runnable> rules) {
        return rules.stream().flatMap(Obstacle::refusal).distinct().toList();
    }

    static Obstacle of(CowshedException refusal) {
        return new Obstacle(refusal.type().uri(), refusal.detail(), refusal.action());
    }

    private static Stream<Obstacle> refusal(Runnable rule) {
        try {
            rule.run();
            return Stream.empty();
        } catch (CowshedException e) {
            return Stream.of(of(e));
        }
    }
}
