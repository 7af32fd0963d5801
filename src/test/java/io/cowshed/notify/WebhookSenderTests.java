package io.cowshed.notify;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Single requests, to a receiver that is there and misbehaves. */
class WebhookSenderTests {

    /** In an answer that nobody waits for. */
    private static final int LONG = 50_000_000;

    private final Receiver receiver = new Receiver();

    @AfterEach
    void closeReceiver() {
        receiver.close();
    }

    @Test
    void whatIsSentArrivesAsItIs() throws Exception {
        receiver.answer(200, "thank you\u0000\n");

        Sent sent = send(loopback(), receiver.url());

        assertThat(sent.isSuccess()).isTrue();
        assertThat(sent.status()).isEqualTo(200);
        assertThat(sent.answer()).isEqualTo("thank you?\n");
        Receiver.Request request = receiver.next();
        assertThat(request.path()).isEqualTo("/hook");
        assertThat(request.body()).isEqualTo("{}".getBytes(StandardCharsets.UTF_8));
        assertThat(request.header("webhook-id")).isEqualTo("msg");
        assertThat(request.header("webhook-timestamp")).isEqualTo("17");
        assertThat(request.header("webhook-signature")).isEqualTo("v1,x");
        assertThat(request.header("Content-Type")).startsWith("application/cloudevents+json");
        assertThat(request.header("Host")).isEqualTo("127.0.0.1:" + receiver.port());
    }

    @Test
    void redirectsAreNotFollowed() {
        try (Receiver other = new Receiver()) {
            for (int status : new int[] {301, 302, 303, 307, 308}) {
                receiver.answer(exchange -> {
                    exchange.getResponseHeaders().set("Location", other.url());
                    Receiver.reply(exchange, status, "");
                });

                Sent sent = send(loopback(), receiver.url());

                assertThat(sent.status()).isEqualTo(status);
                assertThat(sent.error()).contains("Redirects are not followed");
            }
            assertThat(other.rest()).isEmpty();
        }
        assertThat(receiver.rest()).hasSize(5);
    }

    @Test
    void aReceiverThatHangsIsLeftInTime() {
        receiver.hang();

        Sent sent = send(loopback(), receiver.url());

        assertThat(sent.status()).isNull();
        assertThat(sent.error()).isNotEmpty();
        assertThat(sent.millis()).isBetween(Targets.TIMEOUT.toMillis() - 100, Targets.TIMEOUT.toMillis() * 8);
    }

    /** Each byte comes in time, and all of them would take for ever. */
    @Test
    void aReceiverThatAnswersDropByDropIsLeftInTime() {
        receiver.answer(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            for (int i = 0; i < 900; i++) {
                exchange.getResponseBody().write('x');
                exchange.getResponseBody().flush();
                LockSupport.parkNanos(50_000_000);
            }
        });

        Sent sent = send(loopback(), receiver.url());

        assertThat(sent.isSuccess()).isFalse();
        assertThat(sent.error()).contains("no whole answer within");
        assertThat(sent.millis()).isLessThan(Targets.TIMEOUT.toMillis() * 8);
    }

    @Test
    void ofALongAnswerOnlyTheBeginningIsRead() {
        AtomicInteger written = new AtomicInteger();
        receiver.answer(exchange -> {
            exchange.sendResponseHeaders(500, LONG);
            byte[] piece = "x".repeat(10_000).getBytes(StandardCharsets.UTF_8);
            while (written.get() < LONG) {
                exchange.getResponseBody().write(piece);
                written.addAndGet(piece.length);
            }
        });

        Sent sent = send(loopback(), receiver.url());

        assertThat(sent.status()).isEqualTo(500);
        assertThat(sent.error()).isEqualTo("The receiver answered 500.");
        assertThat(sent.answer()).isEqualTo("x".repeat(1000));
        assertThat(written.get()).isLessThan(LONG);
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 ", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n"})
    void whatComesBeforeAnAnswerWithoutEndIsNotGathered(String beginning) throws IOException {
        String line = beginning.endsWith("\n") ? "X: " + "x".repeat(100) + "\r\n" : "x".repeat(10_000);
        AtomicInteger written = new AtomicInteger();
        try (RawServer server = new RawServer(out -> {
            out.write(beginning.getBytes(StandardCharsets.US_ASCII));
            while (written.get() < LONG) {
                out.write(line.getBytes(StandardCharsets.US_ASCII));
                written.addAndGet(line.length());
            }
        })) {
            Sent sent = send(loopback(), "http://127.0.0.1:" + server.port() + "/");

            assertThat(sent.isSuccess()).isFalse();
            assertThat(sent.error()).contains("exceeded").doesNotContain("\n");
            assertThat(written.get()).isLessThan(LONG);
        }
    }

    @Test
    void aReceiverThatGreetsDropByDropIsLeftInTime() throws IOException {
        try (RawServer server = new RawServer(out -> {
            out.write(new byte[] {0x16, 3, 3, 0x20, 0});
            for (int i = 0; i < 0x2000; i++) {
                out.write(2);
                LockSupport.parkNanos(50_000_000);
            }
        })) {
            TargetGuard guard = new TargetGuard(
                    Targets.properties(Set.of("https"), Set.of(), List.of(), List.of("127.0.0.0/8")),
                    InetAddress::getAllByName);

            Sent sent = send(guard, "https://127.0.0.1:" + server.port() + "/");

            assertThat(sent.isSuccess()).isFalse();
            assertThat(sent.error()).contains("no whole answer within");
            assertThat(sent.millis()).isLessThan(Targets.TIMEOUT.toMillis() * 8);
        }
    }

    @Test
    void nobodyThereIsAFailureInWords() {
        receiver.close();

        Sent sent = send(loopback(), receiver.url());

        assertThat(sent.status()).isNull();
        assertThat(sent.error()).contains("refused");
    }

    @Test
    void nothingReachesTheLoopbackInterfaceUnlessItIsConfigured() {
        TargetGuard guard = new TargetGuard(
                Targets.properties(Set.of("http"), Set.of(), List.of(), List.of()), InetAddress::getAllByName);
        for (String host : List.of("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]")) {
            Sent sent = send(guard, "http://" + host + ":" + receiver.port() + "/hook");

            assertThat(sent.error()).as(host).contains("not public");
        }
        assertThat(receiver.rest()).isEmpty();
    }

    /** A name that leads to a public address while it is checked, and to the inside when the connection is made. */
    @Test
    void aNameIsLookedUpOnceForTheCheckAndTheConnection() {
        Deque<String> addresses = new ArrayDeque<>(List.of("192.0.2.1", "127.0.0.1"));
        AtomicInteger lookups = new AtomicInteger();
        TargetGuard guard =
                new TargetGuard(Targets.properties(Set.of("http"), Set.of(), List.of(), List.of("192.0.2.0/24")), _ -> {
                    lookups.incrementAndGet();
                    return new InetAddress[] {InetAddress.getByName(addresses.removeFirst())};
                });
        String url = "http://rebinding.test:" + receiver.port() + "/hook";

        Sent toTheFirst = send(guard, url);
        assertThat(lookups.get()).isEqualTo(1);
        assertThat(toTheFirst.error()).doesNotContain("not public");

        Sent toTheSecond = send(guard, url);
        assertThat(lookups.get()).isEqualTo(2);
        assertThat(toTheSecond.error()).contains("127.0.0.1").contains("not public");
        assertThat(receiver.rest()).isEmpty();
    }

    @Test
    void theConnectionGoesToTheAddressThatWasChecked() {
        TargetGuard guard =
                new TargetGuard(Targets.loopback(), _ -> new InetAddress[] {InetAddress.getLoopbackAddress()});

        Sent sent = send(guard, "http://no-such-name.test:" + receiver.port() + "/hook");

        assertThat(sent.isSuccess()).isTrue();
        assertThat(receiver.rest())
                .singleElement()
                .satisfies(request ->
                        assertThat(request.header("Host")).isEqualTo("no-such-name.test:" + receiver.port()));
    }

    private static TargetGuard loopback() {
        return new TargetGuard(Targets.loopback(), InetAddress::getAllByName);
    }

    private static Sent send(TargetGuard guard, String url) {
        SubscriptionProperties properties = Targets.loopback();
        try (WebhookSender sender = new WebhookSender(guard, properties)) {
            return sender.send(
                    new WebhookSender.Message(url, "msg", 17, "v1,x", "{}".getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
