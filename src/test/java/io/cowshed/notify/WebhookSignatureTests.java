package io.cowshed.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.problem.CowshedException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookSignatureTests {

    /** The example that implementations of the specification test themselves with. */
    @Test
    void theKnownExampleHasTheKnownSignature() {
        WebhookSecret secret = WebhookSecret.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

        assertThat(WebhookSignature.of(
                        List.of(secret),
                        "msg_p5jXN8AQM9LWM0D4loKWxJek",
                        1614265330,
                        "{\"test\": 2432232314}".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    @Test
    void eachValidSecretHasASignature() {
        WebhookSecret one = WebhookSecret.generate(new SecureRandom());
        WebhookSecret other = WebhookSecret.generate(new SecureRandom());
        byte[] body = {1, 2, 3};

        assertThat(WebhookSignature.of(List.of(one, other), "id", 1, body))
                .isEqualTo(WebhookSignature.of(List.of(one), "id", 1, body) + " "
                        + WebhookSignature.of(List.of(other), "id", 1, body));
    }

    @Test
    void aMadeSecretIsOneThatIsTaken() {
        String made = WebhookSecret.generate(new SecureRandom()).text();

        assertThat(WebhookSecret.parse(made).text()).isEqualTo(made);
        assertThat(WebhookSecret.parse(made)).doesNotHaveToString(made);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "whsec_",
                "whsec_AAAA",
                "whsec_not base64 at all, whatever it is",
                "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            })
    void otherSecretsAreRefusedAndNotRepeated(String text) {
        assertThatThrownBy(() -> WebhookSecret.parse(text)).isInstanceOfSatisfying(CowshedException.class, e -> {
            if (!text.isEmpty() && !text.equals("whsec_")) {
                assertThat(e.detail()).doesNotContain(text);
            }
        });
    }
}
