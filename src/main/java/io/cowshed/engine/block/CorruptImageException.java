package io.cowshed.engine.block;

/** A structure of an image is damaged, cut off, or lies where it must not. */
public final class CorruptImageException extends ImageException {

    private final String structure;
    private final long offset;
    private final String problem;

    /**
     * @param structure the name of the structure in the format's specification, such as {@code L2 table}
     * @param offset where in the file it lies, in bytes
     * @param problem what is wrong with it
     */
    public CorruptImageException(String file, String structure, long offset, String problem) {
        super(file, structure + " at offset " + offset + ": " + problem);
        this.structure = structure;
        this.offset = offset;
        this.problem = problem;
    }

    /** The name of the damaged structure. */
    public String structure() {
        return structure;
    }

    /** Where in the file the damage lies, in bytes. */
    public long offset() {
        return offset;
    }

    /** What is wrong with it, without saying where. */
    public String problem() {
        return problem;
    }
}
