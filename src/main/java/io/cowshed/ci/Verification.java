package io.cowshed.ci;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Tells deliveries of a hook's CI system from anybody's, before anything in them is read. A hook that there is not is refused
 * after as much work as one that there is.
 */
@Component
class Verification {

    private static final Logger LOG = LoggerFactory.getLogger(Verification.class);

    /** How far the clock of a sender may be off, and how long what somebody has overheard is of use to him. */
    private static final Duration TOLERANCE = Duration.ofMinutes(5);

    /** In seconds since 1970. */
    private static final Pattern TIMESTAMP = Pattern.compile("\\d{1,12}");

    private static final String NO_HEADER = "X-None";

    private final Hooks hooks;
    private final SecretSeal seal;
    private final Clock clock;
    private final UUID decoy = UUID.randomUUID();
    private final String decoySecret;

    Verification(Hooks hooks, SecretSeal seal, Clock clock) {
        this.hooks = hooks;
        this.seal = seal;
        this.clock = clock;
        this.decoySecret = seal.seal(decoy, seal.generate());
    }

    /**
     * The hook that the delivery is for.
     *
     * @throws Unverified if there is none of that provider, or none of its secrets stands behind the delivery
     */
    Hook require(Incoming delivery) {
        Hooks.Credentials known =
                hooks.credentials(delivery.hook(), delivery.provider()).orElse(null);
        UUID owner = known == null ? decoy : known.hook().id();
        List<String> secrets = known == null ? List.of(decoySecret) : known.secrets();
        boolean valid = false;
        for (String sealed : secrets) {
            byte[] secret = seal.open(owner, sealed).orElse(null);
            if (secret == null) {
                LOG.warn("A secret of hook {} was encrypted by another key than this service has", owner);
            } else {
                valid |= isProof(delivery, known, secret);
            }
        }
        if (known == null || !valid) {
            throw new Unverified();
        }
        return known.hook();
    }

    private boolean isProof(Incoming delivery, Hooks.@Nullable Credentials known, byte[] secret) {
        return switch (delivery.provider()) {
            case GITHUB ->
                same(delivery.said("X-Hub-Signature-256"), "sha256=" + hmac(secret, new byte[0], delivery.body()));
            // By their hashes, so that not even the length of a token takes time.
            case GITLAB ->
                same(Sha256.hex(delivery.said("X-Gitlab-Token").getBytes(StandardCharsets.UTF_8)), Sha256.hex(secret));
            case GENERIC -> isGenericProof(delivery, known, secret);
        };
    }

    private boolean isGenericProof(Incoming delivery, Hooks.@Nullable Credentials known, byte[] secret) {
        GenericMapping mapping =
                known == null ? null : Objects.requireNonNull(known.hook().mapping());
        String timestamp = delivery.said(mapping == null ? NO_HEADER : mapping.timestampHeader());
        String signature = delivery.said(mapping == null ? NO_HEADER : mapping.signatureHeader());
        String bare = signature.startsWith("sha256=") ? signature.substring("sha256=".length()) : signature;
        return same(
                        bare.toLowerCase(Locale.ROOT),
                        hmac(secret, (timestamp + ".").getBytes(StandardCharsets.UTF_8), delivery.body()))
                && isRecent(timestamp);
    }

    private boolean isRecent(String timestamp) {
        return TIMESTAMP.matcher(timestamp).matches()
                && Duration.between(Instant.ofEpochSecond(Long.parseLong(timestamp)), clock.instant())
                                .abs()
                                .compareTo(TOLERANCE)
                        <= 0;
    }

    /** Takes the same time whatever differs. */
    private static boolean same(String presented, String expected) {
        return MessageDigest.isEqual(
                presented.getBytes(StandardCharsets.UTF_8), expected.getBytes(StandardCharsets.UTF_8));
    }

    private static String hmac(byte[] secret, byte[] before, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            mac.update(before);
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HMAC-SHA256", e);
        }
    }
}
