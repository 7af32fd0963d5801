package io.cowshed.database;

import java.sql.SQLException;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Why a database cannot be used, for whoever runs it.
 *
 * @param problem what is wrong, in a sentence
 * @param remedy what to do about it, in a sentence
 */
record DatabaseFault(String problem, String remedy) {

    /** Of causes that are looked at: some failures are among their own. */
    private static final int MAX_CAUSES = 32;

    /** What a failure says of the database, whatever it is wrapped in; empty for none that somebody could mend. */
    static Optional<DatabaseFault> of(Throwable failure) {
        return Stream.<@Nullable Throwable>iterate(failure, e -> e != null, e -> e == null ? null : e.getCause())
                .limit(MAX_CAUSES)
                .filter(SQLException.class::isInstance)
                .map(SQLException.class::cast)
                .flatMap(e -> Optional.ofNullable(fault(e)).stream())
                // The innermost is the driver's; the pool wraps it in a timeout of its own.
                .reduce((_, inner) -> inner);
    }

    private static @Nullable DatabaseFault fault(SQLException e) {
        String state = e.getSQLState() == null ? "" : e.getSQLState();
        String said = firstLine(e);
        return switch (state) {
            case "28P01", "28000" ->
                new DatabaseFault(
                        "The database does not let the service in: " + said + ".",
                        "Set spring.datasource.username and spring.datasource.password to those of a user that it lets in.");
            case "3D000" ->
                new DatabaseFault(
                        "There is no such database: " + said + ".",
                        "Create it (createdb), or correct spring.datasource.url.");
            case "42501" ->
                new DatabaseFault(
                        "The database user may not do what the service has to: " + said + ".",
                        "Make it the owner of the database: ALTER DATABASE … OWNER TO ….");
            case "42883" ->
                new DatabaseFault(
                        "The database lacks a function that the schema calls: " + said + ".",
                        "Cowshed needs PostgreSQL 15 or a newer one.");
            case "25006" ->
                new DatabaseFault(
                        "The database cannot be written to: " + said + ".",
                        "Set spring.datasource.url to the primary server (targetServerType=primary).");
            case "53300" ->
                new DatabaseFault(
                        "The database has no connection left: " + said + ".",
                        "Raise its max_connections, or lower spring.datasource.hikari.maximum-pool-size.");
            case "53100" ->
                new DatabaseFault("The database's disk is full: " + said + ".", "Make room on it, then try again.");
            case "57P03" ->
                new DatabaseFault(
                        "The database is starting or stopping: " + said + ".",
                        "Try again once it accepts connections.");
            case "90020" -> // H2: DATABASE_ALREADY_OPEN_1
                new DatabaseFault(
                        "The embedded database is open in another process.",
                        "Stop the other Cowshed that has this cowshed.data-dir, or set another one; several replicas need"
                                + " PostgreSQL.");
            case "90028", "90031" -> // H2: IO_EXCEPTION_1 and _2
                new DatabaseFault(
                        "The file of the embedded database cannot be read or written: " + said + ".",
                        "Give cowshed.data-dir to the user that the service runs as, and make sure that its disk has room.");
            case "90030", "90048" -> // H2: FILE_CORRUPTED_1, UNSUPPORTED_DATABASE_FILE_VERSION_1
                new DatabaseFault(
                        "The file of the embedded database is damaged, or of another version of H2: " + said + ".",
                        "Restore it from a backup.");
            default ->
                state.startsWith("08")
                        ? new DatabaseFault(
                                "The database cannot be reached: " + said + ".",
                                "Start it, or correct spring.datasource.url; a firewall may be in the way.")
                        : null;
        };
    }

    private static String firstLine(SQLException e) {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        // H2 appends the statement and its version.
        String line = message.lines()
                .findFirst()
                .orElse("")
                .replaceFirst(" \\[\\d+-\\d+\\]$", "")
                .strip();
        return line.endsWith(".") ? line.substring(0, line.length() - 1) : line;
    }
}
