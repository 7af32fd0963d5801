package io.cowshed.ci.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TimelyBodyTests {

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);

    /** A byte a second, for ever. */
    private final ServletInputStream dribbling = new ServletInputStream() {
        @Override
        public int read() {
            nanos.addAndGet(Duration.ofSeconds(1).toNanos());
            return 'x';
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (length == 0) {
                return 0;
            }
            target[offset] = (byte) read();
            return 1;
        }

        @Override
        public boolean isFinished() {
            return false;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new UnsupportedOperationException();
        }
    };

    @Test
    void aBodyThatComesInTimeIsRead() throws IOException {
        TimelyBody body = new TimelyBody(dribbling, nanos::get, Duration.ofSeconds(10));

        assertThat(body.readNBytes(10)).hasSize(10);
    }

    @Test
    void nobodyIsWaitedForLongerThanThat() {
        TimelyBody body = new TimelyBody(dribbling, nanos::get, Duration.ofSeconds(10));

        assertThatThrownBy(() -> body.readNBytes(100)).isInstanceOf(IOException.class);
        assertThatThrownBy(body::read).isInstanceOf(IOException.class);
    }
}
