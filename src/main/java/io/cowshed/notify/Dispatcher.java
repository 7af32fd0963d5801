package io.cowshed.notify;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Sends what is due. One thread looks for it, twice a second and whenever an attempt has ended; each attempt has a thread of
 * its own. Threads of the platform: a look-up of a name that hangs would keep the carriers of virtual threads, which serve
 * requests.
 *
 * <p>So many are sent at a time, and so many to one subscription. A receiver that failed the last time gets one at a time,
 * and all of these together get half of the room: however many hang, the others go on.
 */
@Component
class Dispatcher implements SmartLifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

    private static final Duration LOOK = Duration.ofMillis(500);

    private final FanOut fanOut;
    private final DeliveryQueue queue;
    private final DeliveryOutcomes outcomes;
    private final CloudEvents cloudEvents;
    private final WebhookSender sender;
    private final SubscriptionProperties properties;
    private final Clock clock;

    private final ReentrantLock lock = new ReentrantLock();
    private final Semaphore ended = new Semaphore(0);

    /** What is being sent, by subscription; guarded by the lock. */
    private final Map<UUID, Integer> underWay = new HashMap<>();

    /** How much of it goes to receivers that failed the last time; guarded by the lock. */
    private int toFailing;

    private final Thread thread =
            Thread.ofPlatform().name("deliveries").daemon().unstarted(this::run);
    private volatile boolean running;
    private boolean away;

    Dispatcher(
            FanOut fanOut,
            DeliveryQueue queue,
            DeliveryOutcomes outcomes,
            CloudEvents cloudEvents,
            WebhookSender sender,
            SubscriptionProperties properties,
            Clock clock) {
        this.fanOut = fanOut;
        this.queue = queue;
        this.outcomes = outcomes;
        this.cloudEvents = cloudEvents;
        this.sender = sender;
        this.properties = properties;
        this.clock = clock;
    }

    @Override
    public void start() {
        running = true;
        thread.start();
    }

    /** Attempts that are under way are broken off: they are due again, here or elsewhere, as if this replica had died. */
    @Override
    public void stop() {
        running = false;
        thread.interrupt();
        try {
            sender.close();
            thread.join(Duration.ofSeconds(5));
        } catch (IOException e) {
            LOG.debug("Connections to receivers could not be closed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    private void run() {
        try {
            while (running) {
                look();
                await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        try {
            fanOut.run();
            sendWhatIsDue();
            away = false;
        } catch (RuntimeException | OutOfMemoryError e) {
            if (away || !running) {
                LOG.debug("Events still cannot be sent", e);
            } else {
                LOG.warn("Events cannot be sent now; it is tried again", e);
            }
            away = true;
        }
    }

    /** In another order each time, so that nobody is always the last who finds no room. */
    private void sendWhatIsDue() {
        List<Subscription> waiting = new ArrayList<>(queue.waiting());
        Collections.shuffle(waiting);
        for (Subscription subscription : waiting) {
            int room = roomFor(subscription);
            if (room > 0) {
                for (DueDelivery delivery : queue.take(subscription, room)) {
                    begin(delivery);
                }
            }
        }
    }

    private int roomFor(Subscription subscription) {
        lock.lock();
        try {
            int own = underWay.getOrDefault(subscription.id(), 0);
            int all = underWay.values().stream().mapToInt(Integer::intValue).sum();
            int left = properties.parallel() - all;
            return isFailing(subscription)
                    ? Math.min(Math.min(1 - own, left), properties.parallel() / 2 - toFailing)
                    : Math.min(properties.parallelEach() - own, left);
        } finally {
            lock.unlock();
        }
    }

    private void begin(DueDelivery delivery) {
        Thread attempt = Thread.ofPlatform()
                .name("delivery-" + delivery.id())
                .daemon()
                .unstarted(() -> {
                    try {
                        Sent sent = send(delivery);
                        // What the stop of this replica breaks off is no failure of the receiver's.
                        if (sent.isSuccess() || running) {
                            outcomes.record(delivery, sent);
                        }
                    } catch (RuntimeException e) {
                        LOG.warn("What came of delivery {} cannot be written down; it is sent again", delivery.id(), e);
                    } finally {
                        count(delivery, -1);
                        ended.release();
                    }
                });
        count(delivery, 1);
        try {
            attempt.start();
        } catch (OutOfMemoryError e) {
            // There are too many threads: it is due again when whoever took it has certainly given up.
            count(delivery, -1);
            throw e;
        }
    }

    private Sent send(DueDelivery delivery) {
        Subscription subscription = delivery.subscription();
        byte[] body = cloudEvents.write(delivery.event());
        String id = delivery.event().id().toString();
        long timestamp = clock.instant().getEpochSecond();
        String signature = WebhookSignature.of(subscription.secretsAt(clock.instant()), id, timestamp, body);
        return sender.send(new WebhookSender.Message(subscription.url(), id, timestamp, signature, body));
    }

    private void count(DueDelivery delivery, int change) {
        lock.lock();
        try {
            underWay.merge(
                    delivery.subscription().id(), change, (before, more) -> before + more == 0 ? null : before + more);
            toFailing += isFailing(delivery.subscription()) ? change : 0;
        } finally {
            lock.unlock();
        }
    }

    private static boolean isFailing(Subscription subscription) {
        return subscription.failures() > 0;
    }

    /** One that has ended while nobody waited is seen at the next look. */
    private void await() throws InterruptedException {
        boolean _ = ended.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        ended.drainPermits();
    }
}
