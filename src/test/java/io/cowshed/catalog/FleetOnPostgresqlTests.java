package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class FleetOnPostgresqlTests extends FleetTests {

    FleetOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
