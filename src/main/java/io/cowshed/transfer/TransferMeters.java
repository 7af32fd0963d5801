package io.cowshed.transfer;

import io.cowshed.engine.block.ImageFormat;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.springframework.stereotype.Component;

/** How many bytes of disks come and go, counted while they do, and how long imports take. */
@Component
public class TransferMeters {

    private final MeterRegistry meters;
    private final Counter received;
    private final Counter sent;

    TransferMeters(MeterRegistry meters) {
        this.meters = meters;
        this.received = Counter.builder("cowshed.import.received")
                .description("Bytes of imports as they were sent, compressed or not")
                .baseUnit("bytes")
                .register(meters);
        this.sent = Counter.builder("cowshed.export.sent")
                .description("Bytes of downloads as they were sent, compressed or not")
                .baseUnit("bytes")
                .register(meters);
    }

    <T> T measureImport(ImageFormat format, Supplier<T> work) {
        long begun = System.nanoTime();
        String outcome = "refused";
        try {
            T answer = work.get();
            outcome = "made";
            return answer;
        } finally {
            meters.timer("cowshed.import", "format", format.name().toLowerCase(Locale.ROOT), "outcome", outcome)
                    .record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
        }
    }

    /** Counts what is read. */
    InputStream received(InputStream stream) {
        return new FilterInputStream(stream) {
            @Override
            public int read() throws IOException {
                int one = in.read();
                received.increment(one < 0 ? 0 : 1);
                return one;
            }

            @Override
            public int read(byte[] target, int offset, int space) throws IOException {
                int count = in.read(target, offset, space);
                received.increment(Math.max(0, count));
                return count;
            }
        };
    }

    /** Counts what is written. */
    public OutputStream sent(OutputStream stream) {
        return new FilterOutputStream(stream) {
            @Override
            public void write(int one) throws IOException {
                out.write(one);
                sent.increment();
            }

            @Override
            public void write(byte[] source, int offset, int length) throws IOException {
                out.write(source, offset, length);
                sent.increment(length);
            }
        };
    }
}
