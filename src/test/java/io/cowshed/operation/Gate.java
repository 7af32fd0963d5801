package io.cowshed.operation;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Where a script says that it has come, and waits until it may go on. */
final class Gate {

    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    /** For the script: as a handler at work does, it asks every few moments whether it is to end. */
    void pass(OperationRun run) throws InterruptedException {
        reached.countDown();
        while (!open.await(20, TimeUnit.MILLISECONDS)) {
            run.advance(0);
        }
    }

    /** For the script: it waits like one that does not hear. */
    void passDeaf() throws InterruptedException {
        reached.countDown();
        open.await();
    }

    /** For the test: returns when the script is there. */
    void awaitReached() throws InterruptedException {
        if (!reached.await(40, TimeUnit.SECONDS)) {
            throw new AssertionError("the script did not come here");
        }
    }

    void open() {
        open.countDown();
    }
}
