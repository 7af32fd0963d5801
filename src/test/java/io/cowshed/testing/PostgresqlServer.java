package io.cowshed.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.LongStream;

/** A PostgreSQL server of a test's own, which can be stopped and started again as the same one, with all that it holds. */
public final class PostgresqlServer implements AutoCloseable {

    /** No test cuts the power, so the server need not wait for its disk; where speed is measured it has to. */
    private static final String FSYNC = Boolean.getBoolean("cowshed.postgresql.fsync") ? "on" : "off";

    private final Path data;
    private EmbeddedPostgres running;

    private PostgresqlServer(Path data, EmbeddedPostgres running) {
        this.data = data;
        this.running = running;
    }

    /**
     * Starts it.
     *
     * @param data where it keeps its files; the directory is made
     */
    public static PostgresqlServer start(Path data) {
        return new PostgresqlServer(data, start(data, 0));
    }

    /** A new, empty database on it, to be closed while it runs. */
    public TestDatabase database() {
        return TestDatabase.on(running);
    }

    /** Stops it as an administrator does: transactions that are not committed are lost, and every connection breaks. */
    public void stop() {
        close(running);
    }

    /** Starts it again after {@link #stop}, on the same port. */
    public void startAgain() {
        running = start(data, running.getPort());
    }

    /** Lets it do nothing at all until {@link #resume}, while its connections stay: as a server that hangs, or is cut off. */
    public void pause() {
        Signals.send("STOP", processes());
    }

    /** Lets it go on as if nothing had been. */
    public void resume() {
        Signals.send("CONT", processes());
    }

    private LongStream processes() {
        try {
            long first = Long.parseLong(
                    Files.readAllLines(data.resolve("postmaster.pid")).getFirst());
            return LongStream.concat(
                    LongStream.of(first),
                    ProcessHandle.of(first).orElseThrow().descendants().mapToLong(ProcessHandle::pid));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        close(running);
    }

    static EmbeddedPostgres.Builder builder() {
        // The builder's own default of the second is off, which Cowshed refuses to start on.
        return EmbeddedPostgres.builder().setServerConfig("fsync", FSYNC).setServerConfig("synchronous_commit", "on");
    }

    /** @param port 0 for any */
    private static EmbeddedPostgres start(Path data, int port) {
        try {
            EmbeddedPostgres.Builder builder = builder().setDataDirectory(data).setCleanDataDirectory(false);
            return (port == 0 ? builder : builder.setPort(port)).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void close(EmbeddedPostgres server) {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
