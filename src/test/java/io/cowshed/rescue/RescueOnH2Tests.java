package io.cowshed.rescue;

import io.cowshed.testing.TestDatabase;

class RescueOnH2Tests extends RescueTests {

    @Override
    TestDatabase.Kind kind() {
        return TestDatabase.Kind.H2;
    }
}
