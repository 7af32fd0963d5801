package io.cowshed.operation;

import io.cowshed.operation.OperationStopped.Reason;
import io.cowshed.operation.OperationStore.Order;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Looks after the runs of this replica, all together, a few times a second: writes down how far they are, and tells them when
 * they are to end. It is this that a run's own speed does not depend on.
 */
@Component
class OperationWatch implements SmartLifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(OperationWatch.class);

    /** Cancelling takes this long at most, and then until the handler's next {@link OperationRun#advance}. */
    private static final Duration LOOK = Duration.ofMillis(400);

    /** How often progress is written down. */
    private static final long RECORD_NANOS = Duration.ofMillis(900).toNanos();

    private final OperationStore store;
    private final OperationQueue queue;
    private final Map<UUID, Watched> runs = new ConcurrentHashMap<>();
    private final Thread thread =
            Thread.ofPlatform().name("operations").daemon().unstarted(this::run);
    private volatile boolean running;

    OperationWatch(OperationStore store, OperationQueue queue) {
        this.store = store;
        this.queue = queue;
    }

    @Override
    public void start() {
        running = true;
        thread.start();
    }

    /** Before the scheduler is stopped, which waits for its workers: their jobs go back, for another replica to take. */
    @Override
    public void stop() {
        running = false;
        queue.close();
        runs.values().forEach(watched -> watched.run.stop(Reason.SHUTDOWN));
        thread.interrupt();
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Watches a run until it is {@linkplain #leave left}. */
    void watch(OperationRun run) {
        Watched earlier = runs.put(run.id(), new Watched(run));
        if (earlier != null) {
            earlier.run.stop(Reason.SUPERSEDED);
        }
        if (!running) {
            run.stop(Reason.SHUTDOWN);
        }
    }

    void leave(OperationRun run) {
        Watched watched = runs.get(run.id());
        // A later attempt may be watched by now.
        if (watched != null && watched.run == run) {
            runs.remove(run.id(), watched);
            watched.left.countDown();
        }
    }

    /** Waits for so long, or until this replica's run of the operation is left. */
    void pause(UUID operation, Duration length) throws InterruptedException {
        Watched watched = runs.get(operation);
        CountDownLatch left = watched == null ? new CountDownLatch(1) : watched.left;
        boolean _ = left.await(length.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void run() {
        try {
            while (running) {
                TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
                look();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Asks about those that are there before the question: its answer knows nothing of an attempt that begins meanwhile. */
    private void look() {
        try {
            List<Watched> present = List.copyOf(runs.values());
            if (!present.isEmpty()) {
                Map<UUID, Order> orders = new HashMap<>();
                store.orders(present.stream().map(watched -> watched.run.id()).toList())
                        .forEach(order -> orders.put(order.id(), order));
                present.forEach(watched -> watched.heed(orders.get(watched.run.id())));
                present.forEach(watched -> watched.record(store));
            }
        } catch (RuntimeException e) {
            LOG.debug("The database does not answer; operations go on without", e);
        }
    }

    /** A run, and what was last written down of it. For the watch's thread. */
    private static final class Watched {

        private final OperationRun run;
        private final CountDownLatch left = new CountDownLatch(1);
        private long recorded;
        private @Nullable Long recordedTotal;
        private long recordedNanos = System.nanoTime();
        private double rate;

        Watched(OperationRun run) {
            this.run = run;
        }

        void heed(@Nullable Order order) {
            if (order == null || !order.running() || order.attempt() != run.attempt()) {
                run.stop(Reason.SUPERSEDED);
            } else if (order.cancelRequested()) {
                run.stop(Reason.CANCELLED);
            }
        }

        /** The rate is that of the last seconds, the latest counting most. */
        void record(OperationStore store) {
            long now = System.nanoTime();
            long nanos = now - recordedNanos;
            long done = run.done();
            Long total = run.total();
            if (nanos < RECORD_NANOS || (done == recorded && rate < 1 && Objects.equals(total, recordedTotal))) {
                return;
            }
            double latest = (done - recorded) * 1e9 / nanos;
            rate = recorded == 0 ? latest : 0.7 * rate + 0.3 * latest;
            recorded = done;
            recordedTotal = total;
            recordedNanos = now;
            store.record(run, (long) rate);
        }
    }
}
