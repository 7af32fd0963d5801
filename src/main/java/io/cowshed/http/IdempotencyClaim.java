package io.cowshed.http;

import java.util.UUID;

/** One attempt at a request that must take effect once: whose it is, under which key, and the number that fences it. */
record IdempotencyClaim(String principal, String key, UUID attempt, AnswerSeal seal) {

    /** The request attribute that holds the claim while the request is served. */
    static final String ATTRIBUTE = IdempotencyClaim.class.getName();

    /** The request attribute that is there once an answer was recorded. */
    static final String ANSWERED = ATTRIBUTE + ".answered";
}
