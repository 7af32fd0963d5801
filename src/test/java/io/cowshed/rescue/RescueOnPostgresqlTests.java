package io.cowshed.rescue;

import io.cowshed.testing.TestDatabase;

class RescueOnPostgresqlTests extends RescueTests {

    @Override
    TestDatabase.Kind kind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
