package io.cowshed.rescue;

import io.cowshed.testing.TestDatabase;

class BackupOnH2Tests extends BackupTests {

    @Override
    TestDatabase.Kind kind() {
        return TestDatabase.Kind.H2;
    }
}
