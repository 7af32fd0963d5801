package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class CatalogOnH2Tests extends CatalogTests {

    CatalogOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}
