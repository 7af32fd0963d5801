package io.cowshed.notify;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The header that proves who sends: one signature for each secret that is valid (Standard Webhooks 1.0, "Webhook headers"). */
final class WebhookSignature {

    private static final String ALGORITHM = "HmacSHA256";

    private WebhookSignature() {}

    /** @param timestamp of this attempt, in seconds since 1970 */
    static String of(List<WebhookSecret> secrets, String id, long timestamp, byte[] body) {
        return secrets.stream()
                .map(secret ->
                        "v1," + Base64.getEncoder().encodeToString(hash(secret, id + "." + timestamp + ".", body)))
                .collect(Collectors.joining(" "));
    }

    private static byte[] hash(WebhookSecret secret, String prefix, byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret.key(), ALGORITHM));
            mac.update(prefix.getBytes(StandardCharsets.US_ASCII));
            return mac.doFinal(body);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every Java platform has " + ALGORITHM, e);
        }
    }
}
