package io.cowshed.rescue;

/** A command cannot be done. The message says why, and what to do about it. */
final class CommandRefused extends RuntimeException {

    CommandRefused(String problem, String remedy) {
        super(problem + " " + remedy);
    }
}
