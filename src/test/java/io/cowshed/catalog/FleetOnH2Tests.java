package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class FleetOnH2Tests extends FleetTests {

    FleetOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}
