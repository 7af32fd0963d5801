package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class SettlementOnPostgresqlTests extends SettlementTests {

    SettlementOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
