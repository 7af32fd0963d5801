package io.cowshed.ci;

/** How far a job has come, whatever its CI system calls that. */
enum Phase {
    /** It waits for a runner, and wants its disks. */
    READY,
    /** It runs. */
    RUNNING,
    /** It has ended, and nobody will look at its disks. */
    DONE,
    /** It has ended, and somebody may want to know why. */
    FAILED
}
