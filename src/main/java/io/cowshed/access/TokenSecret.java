package io.cowshed.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A token as its holder knows it: {@code cow_<id>_<256 random bits>}. The id finds the row, and only a SHA-256 of the
 * random part is stored: with that much entropy a slow hash would protect nothing more.
 */
record TokenSecret(UUID id, String random) {

    private static final Pattern FORM = Pattern.compile("cow_([0-9a-f]{32})_([A-Za-z0-9_-]{43})");

    static TokenSecret generate(UUID id, SecureRandom source) {
        byte[] bits = new byte[32];
        source.nextBytes(bits);
        return new TokenSecret(id, Base64.getUrlEncoder().withoutPadding().encodeToString(bits));
    }

    /** Takes a token apart; empty when it has not the form of one. */
    static Optional<TokenSecret> parse(String token) {
        Matcher parts = FORM.matcher(token);
        if (!parts.matches()) {
            return Optional.empty();
        }
        String hex = parts.group(1);
        UUID id = new UUID(Long.parseUnsignedLong(hex, 0, 16, 16), Long.parseUnsignedLong(hex, 16, 32, 16));
        return Optional.of(new TokenSecret(id, parts.group(2)));
    }

    /** What is stored of the secret, in hexadecimal. */
    String hash() {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(random.getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Whether this is the secret that {@code storedHash} was made from; takes the same time whatever differs. */
    boolean matches(String storedHash) {
        return MessageDigest.isEqual(
                hash().getBytes(StandardCharsets.US_ASCII), storedHash.getBytes(StandardCharsets.US_ASCII));
    }

    /** The token to hand to its holder. */
    String token() {
        return "cow_" + id.toString().replace("-", "") + "_" + random;
    }

    @Override
    public String toString() {
        return "TokenSecret[" + id + "]";
    }
}
