package io.cowshed.rescue;

import io.cowshed.testing.TestDatabase;

class AdoptOnPostgresqlTests extends AdoptTests {

    @Override
    TestDatabase.Kind kind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
