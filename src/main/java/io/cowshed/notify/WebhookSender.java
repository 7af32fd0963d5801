package io.cowshed.notify;

import io.cowshed.problem.CowshedException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.routing.RoutingSupport;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.Closer;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Makes one HTTP request, to where the guard allows. It takes no longer than allowed in all, however slowly a receiver takes
 * and answers; of an answer no more is read than is kept. Each request has a connection of its own: one that was kept would
 * outlive the check of its address. Redirects, cookies, proxies and compressed answers are not taken.
 */
final class WebhookSender implements AutoCloseable {

    /** Of an answer, in bytes: enough for a person to see what is wrong. */
    private static final int EXCERPT = 1000;

    /** Of a failure, in characters. */
    private static final int LONGEST_ERROR = 500;

    private static final int MULTIPLE_CHOICES = 300;
    private static final int BAD_REQUEST = 400;
    private static final int SUCCESS = 200;

    private final TargetGuard guard;
    private final SubscriptionProperties properties;
    private final CloseableHttpClient http;
    private final ScheduledExecutorService deadlines;

    WebhookSender(TargetGuard guard, SubscriptionProperties properties) {
        this.guard = guard;
        this.properties = properties;
        Timeout whole = Timeout.of(properties.timeout());
        this.http = HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setDnsResolver(guard)
                        .setMaxConnTotal(properties.parallel())
                        .setMaxConnPerRoute(properties.parallel())
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(Timeout.of(properties.connectTimeout()))
                                .setSocketTimeout(whole)
                                .build())
                        .build())
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setConnectionRequestTimeout(whole)
                        .setResponseTimeout(whole)
                        .build())
                .setConnectionReuseStrategy((_, _, _) -> false)
                .setUserAgent("Cowshed")
                .disableRedirectHandling()
                .disableAutomaticRetries()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableContentCompression()
                .build();
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().name("delivery-deadlines").daemon().factory());
        executor.setRemoveOnCancelPolicy(true);
        this.deadlines = executor;
    }

    /**
     * What is to be sent.
     *
     * @param id the same whenever the same event is sent
     * @param timestamp of this attempt, in seconds since 1970
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares messages
    record Message(String url, String id, long timestamp, String signature, byte[] body) {}

    Sent send(Message message) {
        long start = System.nanoTime();
        AtomicBoolean late = new AtomicBoolean();
        try {
            HttpPost request = request(message);
            ScheduledFuture<?> deadline = deadlines.schedule(
                    () -> {
                        late.set(true);
                        request.cancel();
                    },
                    properties.timeout().toMillis(),
                    TimeUnit.MILLISECONDS);
            try {
                return exchange(request, start);
            } finally {
                deadline.cancel(false);
            }
        } catch (CowshedException e) {
            return failed(start, e.detail());
        } catch (TargetRefused e) {
            return failed(start, String.valueOf(e.getMessage()));
        } catch (IOException | HttpException | RuntimeException e) {
            return failed(
                    start,
                    late.get()
                            ? "There was no whole answer within " + properties.timeout() + "."
                            : e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }

    private HttpPost request(Message message) {
        URI target = guard.requireAllowed(message.url());
        HttpPost request = new HttpPost(target);
        request.setHeader("webhook-id", message.id());
        request.setHeader("webhook-timestamp", Long.toString(message.timestamp()));
        request.setHeader("webhook-signature", message.signature());
        request.setEntity(new ByteArrayEntity(
                message.body(), ContentType.create(CloudEvents.MEDIA_TYPE, StandardCharsets.UTF_8)));
        return request;
    }

    private Sent exchange(HttpPost request, long start) throws IOException, HttpException {
        ClassicHttpResponse response = http.executeOpen(RoutingSupport.determineHost(request), request, null);
        String answer;
        try {
            answer = response.getEntity() == null
                    ? ""
                    : excerpt(response.getEntity().getContent());
        } finally {
            // To close it first would be to read what the receiver still has to say, however much that is.
            request.cancel();
            Closer.closeQuietly(response);
        }
        return new Sent(response.getCode(), millisSince(start), errorOf(response.getCode()), answer);
    }

    private static @Nullable String errorOf(int status) {
        if (status >= SUCCESS && status < MULTIPLE_CHOICES) {
            return null;
        }
        return status >= MULTIPLE_CHOICES && status < BAD_REQUEST
                ? "Redirects are not followed: give the subscription the url that it leads to."
                : "The receiver answered " + status + ".";
    }

    private static String excerpt(InputStream body) throws IOException {
        return printable(new String(body.readNBytes(EXCERPT), StandardCharsets.UTF_8), EXCERPT);
    }

    private static Sent failed(long start, String error) {
        return new Sent(null, millisSince(start), printable(error.replaceAll("\\s", " "), LONGEST_ERROR), null);
    }

    /** What both databases can keep. */
    private static String printable(String text, int length) {
        String cut = text.length() > length ? text.substring(0, length) : text;
        return cut.replaceAll("[\\p{Cntrl}&&[^\n\t]]", "?").replaceAll("\\p{Cs}", "?");
    }

    private static long millisSince(long start) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }

    @Override
    public void close() throws IOException {
        deadlines.shutdownNow();
        http.close();
    }
}
