package io.cowshed.engine.guest;

/** A part of the disk is damaged, in use, or not understood, and is left alone. The message is the reason, for people. */
final class LeftAloneException extends Exception {

    LeftAloneException(String reason) {
        super(reason);
    }

    /** Refuses what does not hold. */
    static void unless(boolean holds, String reason) throws LeftAloneException {
        if (!holds) {
            throw new LeftAloneException(reason);
        }
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
