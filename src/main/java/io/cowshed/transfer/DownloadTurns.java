package io.cowshed.transfer;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
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

    private static final int PATIENCE_SECONDS = 5;

    private final Semaphore free =
            new Semaphore((int) Math.max(1, (Runtime.getRuntime().maxMemory() >> 20) / 4 / MIB_OF_ONE), true);

    DownloadTurns() {}

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
            if (free.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
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
            header(HttpHeaders.RETRY_AFTER, String.valueOf(PATIENCE_SECONDS));
        }
    }
}
