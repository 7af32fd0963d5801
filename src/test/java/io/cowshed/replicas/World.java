package io.cowshed.replicas;

import static io.cowshed.testing.VerbChains.succeed;

import io.cowshed.testing.ApiClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.JsonNode;

/** What all clients share, and what they were told. */
final class World {

    /** Who publishes what, and the pool that everybody claims from. */
    static final String FAMILY = "fleet";

    private static final int MOST_SURPRISES = 5;

    final Path volume;
    /** What everybody clones, and what everybody changes by If-Match. */
    final Disk base;

    final String counter;

    private final Queue<String> surprises = new ConcurrentLinkedQueue<>();

    /** Of every operation that somebody was told to have begun. */
    final Set<String> operations = ConcurrentHashMap.newKeySet();

    /** The ids of images that go by themselves, as their leases or their holders end. */
    final Set<String> leaving = ConcurrentHashMap.newKeySet();

    /** Attachments whose holders are never heard of again. */
    final Set<String> abandoned = ConcurrentHashMap.newKeySet();

    /** Images that were told to be gone for good. */
    final Set<String> removed = ConcurrentHashMap.newKeySet();

    /** How often the counter was told to have been raised, and how often nobody knows. */
    final AtomicLong raised = new AtomicLong();

    final AtomicLong perhapsRaised = new AtomicLong();
    final AtomicLong calls = new AtomicLong();
    final AtomicLong repeated = new AtomicLong();

    /** How many tries were not answered by a replica that serves. */
    final AtomicLong broken = new AtomicLong();

    /** A permit for each answer. */
    private final Semaphore served = new Semaphore(0);

    private final CountDownLatch over = new CountDownLatch(1);

    private World(Path volume, Disk base, String counter) {
        this.volume = volume;
        this.base = base;
        this.counter = counter;
    }

    /** Makes a base, which is a family's version with a pool, and an image to count by. */
    static World on(Path volume, ApiClient api, Random random) {
        byte[] content = new byte[Disk.BLOCKS];
        random.nextBytes(content);
        Disk draft = new Disk("", "base", content, null, true);
        JsonNode base = succeed(api.upload("images?name=base", "application/octet-stream", draft.bytes()))
                .json();
        succeed(api.post("images/base/seal"));
        succeed(api.postJson("images", "{\"name\": \"counter\", \"virtualSize\": \"1MiB\"}"));
        succeed(api.postJson("families", "{\"name\": \"" + FAMILY + "\"}"));
        succeed(api.postJson("families/" + FAMILY + "/versions", "{\"version\": \"1\", \"image\": \"base\"}"));
        succeed(api.call(
                "PUT",
                "families/" + FAMILY + "/pool",
                BodyPublishers.ofString("{\"size\": 5}"),
                "Content-Type",
                "application/json"));
        return new World(volume, new Disk(base.path("id").asString(), "base", content, null, true), "counter");
    }

    /** Something that should not have been: an answer, or a content. Some of them are enough. */
    void surprise(String what) {
        surprises.add(what);
        if (surprises.size() >= MOST_SURPRISES) {
            end();
        }
    }

    void end() {
        over.countDown();
    }

    void answered() {
        served.release();
    }

    boolean isOver() {
        return over.getCount() == 0;
    }

    /** Lets time pass. */
    void pass(long millis) {
        try {
            over.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Until so many more calls have been answered. */
    void awaitAnswers(int calls) throws InterruptedException {
        served.drainPermits();
        for (int i = 0; i < calls && !isOver(); ) {
            if (served.tryAcquire(1, TimeUnit.SECONDS)) {
                i++;
            }
        }
    }

    String count() {
        return "%d calls, %d tries more, %d of them as nobody answered"
                .formatted(calls.get(), repeated.get(), broken.get());
    }

    List<String> surprises() {
        return List.copyOf(surprises);
    }
}
