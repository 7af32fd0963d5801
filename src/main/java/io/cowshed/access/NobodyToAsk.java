package io.cowshed.access;

import io.cowshed.problem.DatabaseUnavailable;
import org.springframework.security.core.AuthenticationException;

/** That it is not known whose a token is, because the database does not answer: an answer like others, no fault. */
final class NobodyToAsk extends AuthenticationException {

    NobodyToAsk(DatabaseUnavailable cause) {
        super("the database does not answer", cause);
    }
}
