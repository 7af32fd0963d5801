package io.cowshed.rescue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * A database for what a command notes down on its way, in a temporary directory, so that its memory does not grow with the
 * number of images. For one thread.
 */
final class Scratch implements AutoCloseable {

    /** Rows in memory at a time. */
    static final int PAGE = 500;

    private final Path directory;
    private final SingleConnectionDataSource connection;
    private final JdbcTemplate template;
    private final JdbcClient client;

    private Scratch(Path directory) {
        this.directory = directory;
        this.connection =
                new SingleConnectionDataSource("jdbc:h2:async:" + directory.resolve("scratch"), "sa", "", true);
        this.template = new JdbcTemplate(connection);
        this.client = JdbcClient.create(template);
    }

    /** @param tables the statements that make its tables */
    static Scratch open(String... tables) throws IOException {
        Scratch scratch = new Scratch(Files.createTempDirectory("cowshed-scratch-"));
        for (String table : tables) {
            scratch.template.execute(table);
        }
        return scratch;
    }

    JdbcClient client() {
        return client;
    }

    JdbcTemplate template() {
        return template;
    }

    @Override
    public void close() throws IOException {
        connection.destroy();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
