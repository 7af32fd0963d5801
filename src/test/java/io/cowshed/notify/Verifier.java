package io.cowshed.notify;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/**
 * Verifies what Standard Webhooks 1.0 has signed, as a receiver would that was written from the specification: HMAC is
 * spelled out here as RFC 2104 has it.
 */
final class Verifier {

    private static final int BLOCK = 64;

    private Verifier() {}

    static boolean isSigned(Receiver.Request request, String secret) {
        byte[] expected = hmac(
                Base64.getDecoder().decode(secret.replaceFirst("^whsec_", "")),
                join(
                        (request.header("webhook-id") + "." + request.header("webhook-timestamp") + ".")
                                .getBytes(StandardCharsets.UTF_8),
                        request.body()));
        for (String versioned : request.header("webhook-signature").split(" ", -1)) {
            String[] parts = versioned.split(",", 2);
            if (parts[0].equals("v1") && Arrays.equals(Base64.getDecoder().decode(parts[1]), expected)) {
                return true;
            }
        }
        return false;
    }

    private static byte[] hmac(byte[] key, byte[] message) {
        byte[] padded = Arrays.copyOf(key.length > BLOCK ? sha256(key) : key, BLOCK);
        byte[] inner = padded.clone();
        byte[] outer = padded.clone();
        for (int i = 0; i < BLOCK; i++) {
            inner[i] ^= 0x36;
            outer[i] ^= 0x5c;
        }
        return sha256(join(outer, sha256(join(inner, message))));
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] join(byte[] first, byte[] second) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(first);
        all.writeBytes(second);
        return all.toByteArray();
    }
}
