package io.cowshed.metrics;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.cowshed.notify.Receiver;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.micrometer.tracing.Tracer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;

/** Traces, which are off unless they are asked for. */
class TracingTests {

    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

    @Test
    void nothingIsTracedUnlessAskedFor(@TempDir Path directory) {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.H2);
                TestService service = TestService.start(database, directory)) {
            assertThatExceptionOfType(NoSuchBeanDefinitionException.class).isThrownBy(() -> service.bean(Tracer.class));
        }
    }

    @Test
    @Timeout(120)
    void callsGoOnWithTheirCallersTraceAndOperationsAreTraced(@TempDir Path directory) throws Exception {
        try (Receiver collector = new Receiver();
                TestDatabase database = TestDatabase.create(TestDatabase.Kind.H2);
                TestService service = TestService.start(
                        database,
                        directory,
                        "spring.profiles.active=tracing",
                        "management.opentelemetry.tracing.export.schedule-delay=100ms",
                        "management.opentelemetry.tracing.export.otlp.endpoint=" + collector.url())) {
            ApiClient api = service.api();
            succeed(api.get("images", "traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01"));

            collector.next(request -> holds(request, HexFormat.of().parseHex(TRACE)));

            succeed(api.postJson("images", "{\"name\": \"base\", \"virtualSize\": 1048576}"));
            succeed(api.post("images/base/seal"));
            succeed(api.postJson("images/base/clones", "{\"name\": \"clone\"}"));
            String operation = succeed(api.post("images/clone/split", "Prefer", "wait=60"))
                    .json()
                    .path("id")
                    .asString();

            collector.next(request -> holds(request, operation.getBytes(StandardCharsets.US_ASCII)));
        }
    }

    /** The spans are in Protobuf, in which ids are plain bytes. */
    private static boolean holds(Receiver.Request request, byte[] id) {
        String body = new String(request.body(), StandardCharsets.ISO_8859_1);
        return body.contains(new String(id, StandardCharsets.ISO_8859_1));
    }
}
