package io.cowshed.replicas;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Processes of the service on one database and one volume behind a proxy, and their successors. */
final class Replicas implements AutoCloseable {

    private final Path directory;
    private final String[] properties;
    private final List<ServiceProcess> running;
    private final RoundRobin proxy;
    private final ServiceProcess first;
    private int started;

    /**
     * Starts as many at the same time.
     *
     * @param ofTheseAlone properties that others do not have which are started later
     */
    Replicas(int count, List<String> ofTheseAlone, Path directory, TestDatabase database, String... properties)
            throws IOException {
        this.directory = directory;
        this.properties = Stream.of(
                        Stream.of(database.properties()),
                        Stream.of(properties),
                        Stream.of(
                                "cowshed.volume=" + directory.resolve("volume"),
                                "logging.file.name=${cowshed.data-dir}/replica.log"))
                .flatMap(each -> each)
                .toArray(String[]::new);
        this.running = new CopyOnWriteArrayList<>(ServiceProcess.startTogether(
                IntStream.range(0, count).mapToObj(this::home).toList(), with(ofTheseAlone)));
        this.started = count;
        this.first = running.getFirst();
        this.proxy = new RoundRobin(running);
    }

    private String[] with(List<String> more) {
        return Stream.concat(Stream.of(properties), more.stream()).toArray(String[]::new);
    }

    private Path home(int number) {
        return directory.resolve("replica-" + number);
    }

    /** The administrator, by the proxy. */
    ApiClient api() {
        return first.api().at(proxy.port());
    }

    /** Each of those that run, past the proxy. */
    List<ApiClient> each() {
        return running.stream().map(ServiceProcess::api).toList();
    }

    int ready() {
        return proxy.ready();
    }

    List<ServiceProcess> running() {
        return List.copyOf(running);
    }

    ServiceProcess any(Random random) {
        return running.get(random.nextInt(running.size()));
    }

    void kill(ServiceProcess replica) {
        running.remove(replica);
        replica.kill();
        proxy.remove(replica.port());
    }

    /** Ends one in good order, which hears of it before the proxy does. */
    void stop(ServiceProcess replica) {
        running.remove(replica);
        replica.stop();
        proxy.remove(replica.port());
    }

    /** Ends one in good order, which gets no requests any more by then. */
    void drain(ServiceProcess replica) {
        proxy.remove(replica.port());
        running.remove(replica);
        replica.stop();
    }

    /**
     * Starts another one, and returns when it answers.
     *
     * @param more properties of this one
     */
    ServiceProcess startAnother(String... more) {
        ServiceProcess another = first.another(home(started++), with(List.of(more)));
        running.add(another);
        proxy.add(another.port());
        return another;
    }

    /** How the start of another one ends that is not to succeed. */
    ServiceProcess.Ended refusal() {
        return ServiceProcess.refused(home(started++), properties);
    }

    @Override
    public void close() {
        proxy.close();
        for (ServiceProcess replica : new ArrayList<>(running)) {
            replica.stop();
        }
    }
}
