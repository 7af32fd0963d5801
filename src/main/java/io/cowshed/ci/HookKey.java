package io.cowshed.ci;

import io.cowshed.database.DataDirectory;
import io.cowshed.problem.CannotStart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;
import java.util.UUID;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.stereotype.Component;

/**
 * The key that the secrets of hooks are encrypted by: that of the configuration, or else one in a file beside the
 * administrator's token, which only the service's user can read and which is made once.
 */
@Component
@EnableConfigurationProperties(HookProperties.class)
class HookKey {

    private static final int KEY_BYTES = 32;

    private final SecretKey key;

    /** @throws CannotStart if there is a key that cannot be one */
    HookKey(HookProperties properties, DataDirectory directory) {
        String configured = properties.key();
        if (configured != null) {
            this.key = parse(configured, "cowshed.hooks.key");
        } else {
            Path file = directory.path().resolve("hook-key");
            this.key = parse(read(file), file.toString());
        }
    }

    SecretKey key() {
        return key;
    }

    private static SecretKey parse(String text, String where) {
        try {
            byte[] bytes = Base64.getDecoder().decode(text.strip());
            if (bytes.length == KEY_BYTES) {
                return new SecretKeySpec(bytes, "AES");
            }
        } catch (IllegalArgumentException _) {
            // Nothing of what it says may get into a log.
        }
        throw new CannotStart(
                where + " is no key.",
                "It must be 32 bytes in Base64, as openssl rand -base64 32 prints them; another key than before opens no"
                        + " secrets of hooks.",
                null);
    }

    private static String read(Path file) {
        try {
            if (!Files.exists(file)) {
                make(file);
            }
            return Files.readString(file, StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new CannotStart(
                    "The key that the secrets of hooks are encrypted by cannot be read from, or written to, " + file
                            + ": " + e + ".",
                    "Give cowshed.data-dir to the user that the service runs as, or set cowshed.hooks.key.",
                    e);
        }
    }

    /** Published whole, by a name that nobody can take twice: two replicas in one directory have one key. */
    private static void make(Path file) throws IOException {
        Path directory = Files.createDirectories(file.getParent());
        Path fresh = file.resolveSibling("hook-key." + UUID.randomUUID());
        byte[] bytes = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(bytes);
        try {
            try (FileChannel channel = FileChannel.open(
                    fresh,
                    Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                String text = Base64.getEncoder().encodeToString(bytes) + "\n";
                channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
                channel.force(true);
            }
            Files.createLink(file, fresh);
        } catch (FileAlreadyExistsException _) {
            // Another replica was first: its key is the one.
        } finally {
            Files.deleteIfExists(fresh);
        }
        try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
            names.force(true);
        }
    }
}
