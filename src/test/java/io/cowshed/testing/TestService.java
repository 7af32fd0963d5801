package io.cowshed.testing;

import io.cowshed.CowshedApplication;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The whole service, started in this JVM on a port of its own: as many replicas as a test needs. */
public final class TestService implements AutoCloseable {

    private final ConfigurableApplicationContext context;
    private final Path directory;
    private final ApiClient admin;
    private final String token;

    private TestService(ConfigurableApplicationContext context, Path directory, String token) {
        this.context = context;
        this.directory = directory;
        this.admin = new ApiClient(port(context), token);
        this.token = token;
    }

    /**
     * Starts a replica on this database and volume.
     *
     * @param properties more of them, as {@code key=value}
     */
    public static TestService start(TestDatabase database, Path directory, String... properties) {
        Path data = directory.resolve("data");
        ConfigurableApplicationContext context = run(database, data, directory, properties);
        try {
            return new TestService(
                    context,
                    directory,
                    Files.readString(data.resolve("admin-token")).strip());
        } catch (IOException e) {
            context.close();
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts another replica on the same database and volume, with a data directory of its own. It takes the tokens of the
     * first, and makes none.
     */
    public TestService another(TestDatabase database, Path data, String... properties) {
        return new TestService(run(database, data, directory, properties), directory, token);
    }

    private static ConfigurableApplicationContext run(
            TestDatabase database, Path data, Path directory, String... properties) {
        List<String> all = new ArrayList<>(Arrays.asList(database.properties()));
        all.add("cowshed.data-dir=" + data);
        all.add("cowshed.volume=" + directory.resolve("volume"));
        all.add("server.port=0");
        all.addAll(Arrays.asList(properties));
        return new SpringApplicationBuilder(CowshedApplication.class)
                .run(all.stream().map(property -> "--" + property).toArray(String[]::new));
    }

    /** Calls the API as the first administrator. */
    public ApiClient api() {
        return admin;
    }

    /** Calls the API with another token, or none. */
    public ApiClient as(String token) {
        return new ApiClient(port(context), token);
    }

    public int port() {
        return port(context);
    }

    /** Sends a request that no HTTP client would send, as the first administrator: see {@link RawHttp#send}. */
    public ApiClient.Answer send(String method, String target, byte[] body, String... headers) {
        return RawHttp.send(port(), token, method, target, body, headers);
    }

    /** The secret of the first administrator. */
    public String token() {
        return token;
    }

    /** What holds the data directory and the volume. */
    public Path directory() {
        return directory;
    }

    /** The root of the volume. */
    public Path volume() {
        return directory.resolve("volume");
    }

    /** A part of the service. */
    public <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    /** All parts of a kind. */
    public <T> Collection<T> beans(Class<T> type) {
        return context.getBeansOfType(type).values();
    }

    /** Gives the service one more part. */
    public void add(String name, Object part) {
        context.getBeanFactory().registerSingleton("test." + name, part);
    }

    @Override
    public void close() {
        context.close();
    }

    private static int port(ConfigurableApplicationContext context) {
        return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }
}
