package io.cowshed.catalog;

import io.cowshed.testing.TestDatabase;

class SchemaRaceOnPostgresqlTests extends SchemaRaceTests {

    SchemaRaceOnPostgresqlTests() {
        super(TestDatabase.Kind.POSTGRESQL);
    }

    /** PostgreSQL locks the referenced key itself. */
    @Override
    boolean constraintHoldsWithoutLock() {
        return true;
    }
}
