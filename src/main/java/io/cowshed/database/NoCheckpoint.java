package io.cowshed.database;

import io.cowshed.problem.CannotStart;
import org.springframework.jdbc.core.simple.JdbcClient;

/** PostgreSQL's: it fsyncs its log on commit by itself, unless told not to. */
final class NoCheckpoint implements Checkpoint {

    @Override
    public void run() {
        // The commit itself was durable.
    }

    @Override
    public void requireDurableCommits(JdbcClient database) {
        String setting =
                database.sql("show synchronous_commit").query(String.class).single();
        if (setting.equals("off")) {
            throw new CannotStart(
                    "PostgreSQL's synchronous_commit is off: a power cut would lose images that Cowshed has said exist.",
                    "Set it to on (ALTER DATABASE … SET synchronous_commit = on).",
                    null);
        }
    }
}
