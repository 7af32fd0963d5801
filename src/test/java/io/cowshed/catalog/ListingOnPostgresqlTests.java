package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class ListingOnPostgresqlTests extends ListingTests {

    ListingOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }
}
