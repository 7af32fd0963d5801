package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class SchemaRaceOnH2Tests extends SchemaRaceTests {

    SchemaRaceOnH2Tests() {
        super(TestDatabase.Kind.H2);
    }

    /** H2 checks a foreign key against what is committed, and lets both commit: the row lock is what saves the parent. */
    @Override
    boolean constraintHoldsWithoutLock() {
        return false;
    }
}
