package io.cowshed.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.database.Transactions;
import io.cowshed.problem.CannotStart;
import io.cowshed.testing.ServiceTests;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** The first administrator's token, when it is configured. */
@ExtendWith(OutputCaptureExtension.class)
class AdminTokenTests extends ServiceTests {

    private AccessTokens tokens;
    private TokenSecret secret;
    private Path data;

    @BeforeEach
    void lockEverybodyOut(@TempDir Path directory) {
        data = directory;
        secret = TokenSecret.generate(UUID.randomUUID(), new SecureRandom());
        tokens = service.bean(AccessTokens.class);
        tokens.list().forEach(token -> tokens.revoke(token.id()));
    }

    @Test
    void letsTheFirstAdministratorIn() {
        replica(secret.token() + "\n").makeWhereNoneIs();

        assertThat(service.as(secret.token()).get("tokens").status()).isEqualTo(200);
        assertThat(data).isEmptyDirectory();
    }

    @Test
    void lockedOutWithoutOneMakesOne() {
        replica("").makeWhereNoneIs();

        assertThat(data.resolve("admin-token")).exists();
        assertThat(tokens.list()).hasSize(1);
    }

    @Test
    void isNoFurtherTokenBesideAnother() {
        tokens.create("other", Role.ADMIN, null, "test");

        replica(secret.token()).makeWhereNoneIs();

        assertThat(service.as(secret.token()).get("tokens").status()).isEqualTo(401);
        assertThat(tokens.list()).extracting(AccessToken::name).containsExactly("other");
    }

    @Test
    void replicasThatStartAtOnceTakeItOnce() throws InterruptedException, ExecutionException {
        List<Future<?>> starts = new ArrayList<>();
        try (ExecutorService replicas = Executors.newFixedThreadPool(4)) {
            for (int i = 0; i < 4; i++) {
                starts.add(replicas.submit(replica(secret.token())::makeWhereNoneIs));
            }
        }
        for (Future<?> start : starts) {
            start.get();
        }

        assertThat(tokens.list()).extracting(AccessToken::id).containsExactly(secret.id());
    }

    @Test
    void onceRevokedItDoesNotComeBack(CapturedOutput output) {
        replica(secret.token()).makeWhereNoneIs();
        tokens.revoke(secret.id());

        replica(secret.token()).makeWhereNoneIs();

        assertThat(service.as(secret.token()).get("tokens").status()).isEqualTo(401);
        assertThat(output).contains("No administrator has access").doesNotContain(secret.random());
    }

    @ParameterizedTest
    @ValueSource(strings = {"secret", "cow_secret", "cow_0123456789abcdef0123456789abcdef_secret"})
    void whatIsNoTokenIsRefusedAndNotRepeated(String configured) {
        assertThatThrownBy(() -> replica(configured))
                .isInstanceOf(CannotStart.class)
                .hasMessageStartingWith("cowshed.admin-token is no token. ")
                .hasMessageNotContaining("secret");
    }

    private FirstToken replica(String configured) {
        return new FirstToken(tokens, service.bean(Transactions.class), data, configured);
    }
}
