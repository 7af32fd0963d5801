package io.cowshed.engine.block;

/** An image is sound as far as can be told, but uses something that the engine refuses by name. */
public final class UnsupportedImageException extends ImageException {

    private final String feature;

    /**
     * @param feature what is refused, in the words of the QCOW2 specification, such as {@code external data file}
     */
    public UnsupportedImageException(String file, String feature) {
        super(file, "not supported: " + feature);
        this.feature = feature;
    }

    /** What is refused. */
    public String feature() {
        return feature;
    }
}
