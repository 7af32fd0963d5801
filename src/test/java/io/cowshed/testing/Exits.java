package io.cowshed.testing;

/** Waits for processes to end. */
public final class Exits {

    private Exits() {}

    /**
     * Waits for it in this thread. {@code onExit().join()} would need one of the common pool, which has a single one on a small
     * machine, and in it perhaps somebody who waits for us.
     *
     * @return what it ended with
     */
    public static int of(Process process) {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + process, e);
        }
    }
}
