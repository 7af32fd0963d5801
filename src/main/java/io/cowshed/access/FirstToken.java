package io.cowshed.access;

import io.cowshed.database.Transactions;
import io.cowshed.problem.CannotStart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.stereotype.Component;

/**
 * Lets the first administrator in: a start that finds no usable administrator's token makes one and writes it to
 * {@code admin-token} in the data directory, mode 0600; or takes that of the configuration, where replicas have no directory
 * that lasts. So the way back in, when every such token is lost, is to revoke them in the database and start again, with
 * another one in the configuration.
 */
@Component
class FirstToken {

    private static final Logger LOG = LoggerFactory.getLogger(FirstToken.class);

    private final AccessTokens tokens;
    private final Transactions transactions;
    private final Path file;
    private final @Nullable TokenSecret configured;

    /** @throws CannotStart if what is configured has not the form of a token */
    FirstToken(
            AccessTokens tokens,
            Transactions transactions,
            @Value("${cowshed.data-dir}") Path dataDirectory,
            @Value("${cowshed.admin-token:}") String configured) {
        this.tokens = tokens;
        this.transactions = transactions;
        this.file = dataDirectory.resolve("admin-token");
        this.configured = configured.isBlank() ? null : parse(configured.strip());
    }

    private static TokenSecret parse(String token) {
        // Nothing of what it says may get into a log.
        return TokenSecret.parse(token)
                .orElseThrow(() -> new CannotStart(
                        "cowshed.admin-token is no token.",
                        "It must be cow_, 32 hexadecimal digits, _, and 32 random bytes in Base64 for URLs, without padding.",
                        null));
    }

    @EventListener(ApplicationReadyEvent.class)
    void makeWhereNoneIs() {
        if (configured != null) {
            takeWhereNoneIs(configured);
            return;
        }
        boolean made = transactions.write(() -> {
            if (!tokens.lacksAdmin()) {
                return false;
            }
            // The file first: a row whose secret nobody ever saw would lock everyone out.
            write(tokens.create("first-admin", Role.ADMIN, null, "cowshed").secret());
            return true;
        });
        if (made) {
            LOG.info("An administrator's access token was made and written to {}", file.toAbsolutePath());
        } else if (Files.exists(file)) {
            LOG.info("The administrator's access token is in {}", file.toAbsolutePath());
        }
    }

    private void takeWhereNoneIs(TokenSecret secret) {
        try {
            boolean taken = transactions.write(() -> {
                if (!tokens.lacksAdmin()) {
                    return false;
                }
                tokens.create(secret, "first-admin", Role.ADMIN, "cowshed");
                return true;
            });
            if (taken) {
                LOG.info("The administrator's access token is that of cowshed.admin-token");
            }
        } catch (DuplicateKeyException _) {
            // What was revoked must not come back.
            LOG.error(
                    "No administrator has access: the token in cowshed.admin-token was revoked, and there is no other."
                            + " Set another one, and start again");
        }
    }

    private void write(String secret) {
        try {
            Path directory = Files.createDirectories(file.toAbsolutePath().getParent());
            Path fresh = file.resolveSibling(file.getFileName() + ".new");
            Files.deleteIfExists(fresh);
            try (FileChannel channel = FileChannel.open(
                    fresh,
                    Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                channel.write(ByteBuffer.wrap((secret + "\n").getBytes(StandardCharsets.US_ASCII)));
                channel.force(true);
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
                names.force(true);
            }
        } catch (IOException e) {
            throw new CannotStart(
                    "The administrator's access token cannot be written to " + file.toAbsolutePath() + ": " + e + ".",
                    "Give cowshed.data-dir to the user that the service runs as, and make sure that its disk has room.",
                    e);
        }
    }
}
