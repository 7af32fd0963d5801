package io.cowshed.rescue;

import io.cowshed.testing.TestDatabase;

class LostDatabaseOnH2Tests extends LostDatabaseTests {

    @Override
    TestDatabase.Kind kind() {
        return TestDatabase.Kind.H2;
    }
}
