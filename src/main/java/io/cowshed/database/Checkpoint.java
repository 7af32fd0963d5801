package io.cowshed.database;

import org.springframework.jdbc.core.simple.JdbcClient;

/** What a kind of database needs so that a commit outlives a power cut. */
interface Checkpoint {

    /** Brings everything committed before it began to stable storage. */
    void run() throws Exception;

    /**
     * That the settings of the database leave its commits durable.
     *
     * @throws io.cowshed.problem.CannotStart if they do not
     */
    void requireDurableCommits(JdbcClient database);
}
