package io.cowshed.replicas;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Many clients at once. */
final class Crowd implements AutoCloseable {

    private final World world;
    private final List<Client> clients = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    Crowd(int size, World world, Replicas replicas, Random random) {
        this.world = world;
        for (int i = 0; i < size; i++) {
            Client client = new Client(world, replicas.api(), replicas::each, i, random.nextLong());
            clients.add(client);
            threads.add(Thread.ofVirtual().start(client::run));
        }
    }

    /** Ends their work, and answers all the images that there are to be, the base among them. */
    List<Disk> leave() throws InterruptedException {
        world.end();
        for (Thread thread : threads) {
            thread.join();
        }
        return Stream.concat(Stream.of(world.base), clients.stream().flatMap(client -> client.disks().stream()))
                .toList();
    }

    @Override
    public void close() {
        try {
            leave();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
