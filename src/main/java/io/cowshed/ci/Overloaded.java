package io.cowshed.ci;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import org.springframework.http.HttpHeaders;

/**
 * More deliveries come than are taken. A 503, not a 429: GitLab takes the 4xx for a hook that is set up wrongly, and gives it up
 * for good.
 */
public final class Overloaded extends CowshedException {

    public Overloaded(String detail) {
        super(ProblemType.OVERLOADED, detail, "Send it again later.");
        header(HttpHeaders.RETRY_AFTER, "5");
    }
}
