package io.cowshed.rescue;

import io.cowshed.testing.TestDatabase;

class LostDatabaseOnPostgresqlTests extends LostDatabaseTests {

    @Override
    TestDatabase.Kind kind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
