package io.cowshed.rescue;

import io.cowshed.testing.TestDatabase;

class BackupOnPostgresqlTests extends BackupTests {

    @Override
    TestDatabase.Kind kind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
