package io.cowshed.retention;

import io.cowshed.testing.TestService;

/** Lets go what has expired, for tests of other packages. */
public final class Expiries {

    private Expiries() {}

    public static void run(TestService service) {
        service.bean(Expiry.class).run();
    }
}
