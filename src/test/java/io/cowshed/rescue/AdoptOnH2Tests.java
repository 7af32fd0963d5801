package io.cowshed.rescue;

import io.cowshed.testing.TestDatabase;

class AdoptOnH2Tests extends AdoptTests {

    @Override
    TestDatabase.Kind kind() {
        return TestDatabase.Kind.H2;
    }
}
