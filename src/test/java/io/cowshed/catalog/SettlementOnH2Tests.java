package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class SettlementOnH2Tests extends SettlementTests {

    SettlementOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}
