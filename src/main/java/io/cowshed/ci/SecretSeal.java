package io.cowshed.ci;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import org.springframework.stereotype.Component;

/**
 * Encrypts the secrets of hooks for the database: AES-256-GCM, with the random nonce in front, and bound to the hook, so that a
 * secret cannot be moved from one row to another.
 */
@Component
class SecretSeal {

    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;

    private final HookKey key;
    private final SecureRandom random = new SecureRandom();

    SecretSeal(HookKey key) {
        this.key = key;
    }

    /** A secret that nobody guesses. */
    String generate() {
        byte[] bits = new byte[32];
        random.nextBytes(bits);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
    }

    String seal(UUID hook, String secret) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            byte[] sealed = cipher(Cipher.ENCRYPT_MODE, hook, ByteBuffer.wrap(nonce))
                    .doFinal(secret.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder()
                    .encodeToString(ByteBuffer.allocate(NONCE_BYTES + sealed.length)
                            .put(nonce)
                            .put(sealed)
                            .array());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has AES-GCM", e);
        }
    }

    /** The secret, as bytes of UTF-8; empty where it was sealed by another key or for another hook. */
    Optional<byte[]> open(UUID hook, String sealed) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(sealed));
        try {
            Cipher cipher = cipher(Cipher.DECRYPT_MODE, hook, bytes);
            byte[] rest = new byte[bytes.remaining()];
            bytes.get(rest);
            return Optional.of(cipher.doFinal(rest));
        } catch (GeneralSecurityException e) {
            return Optional.empty();
        }
    }

    private Cipher cipher(int mode, UUID hook, ByteBuffer from) throws GeneralSecurityException {
        byte[] nonce = new byte[NONCE_BYTES];
        from.get(nonce);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key.key(), new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(("hook secret\0" + hook).getBytes(StandardCharsets.UTF_8));
        return cipher;
    }
}
