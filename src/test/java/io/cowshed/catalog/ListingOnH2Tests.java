package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class ListingOnH2Tests extends ListingTests {

    ListingOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }
}
