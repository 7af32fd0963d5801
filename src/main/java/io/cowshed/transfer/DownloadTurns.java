package io.cowshed.transfer;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;

/**
 * Lets as many disks go out at a time as a quarter of the heap is enough for: each keeps its pieces until its receiver, who may
 * take any time over it, has taken the last.
 */
@Component
public class DownloadTurns {

    /** A piece, what it is coded in, and tables of the images that it is read from. */
    private static final int MIB_OF_ONE = 2;

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Semaphore free;
    private final Duration patience;

    @Autowired
    DownloadTurns() {
        this(most(Runtime.getRuntime().maxMemory()), PATIENCE);
    }

    DownloadTurns(int most, Duration patience) {
        this.free = new Semaphore(most, true);
        this.patience = patience;
    }

    /** How many there is memory for in a heap of so many bytes. */
    static int most(long heap) {
        return Math.clamp((heap >> 20) / 4 / MIB_OF_ONE, 1, Integer.MAX_VALUE);
    }

    /** A download's, until it is closed. */
    public interface Turn extends AutoCloseable {

        @Override
        void close();
    }

    /**
     * Waits a moment for others to come to their end.
     *
     * @throws CowshedException of type OVERLOADED if none does
     */
    public Turn take() {
        try {
            if (free.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                return free::release;
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        throw new TooMany();
    }

    private static final class TooMany extends CowshedException {
        TooMany() {
            super(
                    ProblemType.OVERLOADED,
                    "More disks are being downloaded than there is memory for.",
                    "Ask again later, or another replica.");
            header(HttpHeaders.RETRY_AFTER, String.valueOf(PATIENCE.toSeconds()));
        }
    }
}
