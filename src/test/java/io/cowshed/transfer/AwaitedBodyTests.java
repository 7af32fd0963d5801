package io.cowshed.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

class AwaitedBodyTests {

    private final Semaphore turns = new Semaphore(0);
    private long now;
    private int turnsWhileAwaiting = -1;

    /** A sender of a stream without end. */
    private AwaitedBody body(int bytesAtATime, Duration pause, boolean memoryIsWanted) {
        InputStream sender = new InputStream() {
            @Override
            public int read() {
                throw new AssertionError("one byte at a time is never asked for");
            }

            @Override
            public int read(byte[] target, int offset, int space) {
                now += pause.toNanos();
                turnsWhileAwaiting = turns.availablePermits();
                return Math.min(bytesAtATime, space);
            }
        };
        return new AwaitedBody(sender, turns, () -> memoryIsWanted, () -> now);
    }

    private static void read(AwaitedBody body, int times) throws IOException {
        byte[] piece = new byte[1 << 20];
        for (int i = 0; i < times; i++) {
            assertThat(body.read(piece, 0, piece.length)).isPositive();
        }
    }

    @Test
    void lendsTheTurnWhileItWaits() throws IOException {
        read(body(1, Duration.ofSeconds(1), false), 1);
        assertThat(turnsWhileAwaiting).isEqualTo(1);
        assertThat(turns.availablePermits()).isZero();
    }

    @Test
    void refusesASlowSenderWhenOthersWaitForMemory() throws IOException {
        AwaitedBody body = body(1, Duration.ofSeconds(2), true);
        read(body, 5);
        assertThatExceptionOfType(CowshedException.class)
                .isThrownBy(() -> read(body, 1))
                .satisfies(refusal -> assertThat(refusal.type()).isEqualTo(ProblemType.BODY_INCOMPLETE));
        assertThat(turns.availablePermits()).isZero();
    }

    @Test
    void letsASlowSenderBeWhenNobodyWaits() throws IOException {
        read(body(1, Duration.ofSeconds(2), false), 100);
        assertThat(now).isEqualTo(Duration.ofSeconds(200).toNanos());
    }

    @Test
    void letsASteadySenderGoOn() throws IOException {
        read(body(AwaitedBody.SLOW, Duration.ofSeconds(1), true), 100);
        assertThat(now).isEqualTo(Duration.ofSeconds(100).toNanos());
    }
}
