package io.cowshed.engine.block;

/**
 * One thing that a check found wrong with an image.
 *
 * @param kind how bad it is
 * @param structure the name of the structure in the format's specification, such as {@code L2 table}
 * @param offset where in the file it lies, in bytes
 * @param problem what is wrong with it
 */
public record Finding(Kind kind, String structure, long offset, String problem) {

    /** How bad a finding is. */
    public enum Kind {
        /** Data may be lost, or will be when the image is written to. */
        ERROR,
        /** Space that nothing uses is not free: a waste, and no danger. */
        LEAK
    }

    @Override
    public String toString() {
        return structure + " at offset " + offset + ": " + problem;
    }
}
