package io.cowshed.ci;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.TestService;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import tools.jackson.databind.JsonNode;

/** A CI system that a hook was made for: sends what GitHub and GitLab send, signed as they do. */
public record Sender(TestService service, String id, String secret) {

    /** Makes a hook, and is its provider. */
    public static Sender of(TestService service, String json) {
        Answer answer = succeed(service.api().postJson("hooks", json));
        JsonNode made = answer.json();
        return new Sender(
                service,
                made.path("hook").path("id").asString(),
                made.path("secret").asString());
    }

    /** The same, of another replica. */
    Sender to(TestService other) {
        return new Sender(other, id, secret);
    }

    Sender with(String otherSecret) {
        return new Sender(service, id, otherSecret);
    }

    /** One of the bodies that were written down, with these words in it. */
    public static String body(String name, Map<String, String> words) {
        try (InputStream file = Objects.requireNonNull(Sender.class.getResourceAsStream("/hooks/" + name), name)) {
            String text = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            for (Map.Entry<String, String> word : words.entrySet()) {
                text = text.replace("@" + word.getKey() + "@", word.getValue());
            }
            return text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Answer github(String event, String delivery, String body) {
        return post(
                "github",
                body,
                "X-GitHub-Event",
                event,
                "X-GitHub-Delivery",
                delivery,
                "X-GitHub-Hook-ID",
                "109948940",
                "X-Hub-Signature-256",
                "sha256=" + hmac(body),
                "User-Agent",
                "GitHub-Hookshot/044aadd");
    }

    Answer gitlab(String delivery, String body) {
        return post(
                "gitlab",
                body,
                "X-Gitlab-Event",
                "Job Hook",
                "X-Gitlab-Token",
                secret,
                "X-Gitlab-Event-UUID",
                "13792a34-cac6-4fda-95a8-c58e00a3954e",
                "Idempotency-Key",
                delivery,
                "User-Agent",
                "GitLab/18.6.0");
    }

    Answer generic(long timestamp, String body, String... headers) {
        String[] all = Arrays.copyOf(headers, headers.length + 4);
        all[headers.length] = "X-Timestamp";
        all[headers.length + 1] = String.valueOf(timestamp);
        all[headers.length + 2] = "X-Signature-256";
        all[headers.length + 3] = hmac(timestamp + "." + body);
        return post("generic", body, all);
    }

    /** As anybody could send it. */
    Answer post(String provider, String body, String... headers) {
        ApiClient anybody = service.as("");
        String[] all = Arrays.copyOf(headers, headers.length + 2);
        all[headers.length] = "Content-Type";
        all[headers.length + 1] = "application/json";
        return anybody.call("POST", "hooks/" + id + "/" + provider, BodyPublishers.ofString(body), all);
    }

    String hmac(String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What came of what was taken. */
    static String outcome(Answer answer) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(202);
        return answer.json().path("outcome").asString();
    }
}
