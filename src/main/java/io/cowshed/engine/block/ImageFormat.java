package io.cowshed.engine.block;

/** The formats that an image in a chain can have. Always declared, never guessed from the bytes. */
public enum ImageFormat {
    RAW,
    QCOW2
}
