package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class CatalogOnPostgresqlTests extends CatalogTests {

    CatalogOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
