package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class CatalogRaceOnH2Tests extends CatalogRaceTests {

    CatalogRaceOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}
