package io.cowshed.testing;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the whole service over HTTP, with one replica on H2 for all tests of a class. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ServiceTests {

    protected TestDatabase database;
    protected TestService service;
    protected ApiClient api;

    @BeforeAll
    void startService(@TempDir Path directory) {
        database = TestDatabase.create(databaseKind());
        service = TestService.start(database, directory, properties());
        api = service.api();
    }

    @AfterAll
    void stopService() {
        service.close();
        database.close();
    }

    /** What the service runs on; H2 unless a subclass says otherwise. */
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.H2;
    }

    /** What the service is started with beside the defaults, as {@code key=value}. */
    protected String[] properties() {
        return new String[0];
    }
}
