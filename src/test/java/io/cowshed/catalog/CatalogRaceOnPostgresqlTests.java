package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class CatalogRaceOnPostgresqlTests extends CatalogRaceTests {

    CatalogRaceOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
