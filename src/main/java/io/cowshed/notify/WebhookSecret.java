package io.cowshed.notify;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * What signatures are made with: 24 to 64 bytes, written {@code whsec_} and these in base64 (Standard Webhooks 1.0,
 * "Signature scheme").
 *
 * @param text as it is shown, once, to whoever makes the subscription
 */
record WebhookSecret(String text) {

    private static final String PREFIX = "whsec_";
    private static final int FEWEST_BYTES = 24;
    private static final int MOST_BYTES = 64;
    private static final int BYTES = 32;

    static WebhookSecret generate(SecureRandom random) {
        byte[] key = new byte[BYTES];
        random.nextBytes(key);
        return new WebhookSecret(PREFIX + Base64.getEncoder().encodeToString(key));
    }

    /** @throws CowshedException of type INVALID_REQUEST if it is of another form */
    static WebhookSecret parse(String text) {
        WebhookSecret secret = new WebhookSecret(text);
        if (text.startsWith(PREFIX)) {
            try {
                int length = secret.key().length;
                if (length >= FEWEST_BYTES && length <= MOST_BYTES) {
                    return secret;
                }
            } catch (IllegalArgumentException _) {
                // not base64; refused below, without saying what was sent
            }
        }
        throw new CowshedException(
                ProblemType.INVALID_REQUEST,
                "The secret is not " + PREFIX + " and the base64 of " + FEWEST_BYTES + " to " + MOST_BYTES + " bytes.",
                "Leave it out: then one is made.");
    }

    byte[] key() {
        return Base64.getDecoder().decode(text.substring(PREFIX.length()));
    }

    /** Secrets stay out of logs. */
    @Override
    public String toString() {
        return PREFIX + "…";
    }
}
