package io.cowshed.catalog;

/**
 * A clone that is to be, with its file.
 *
 * @param layout whose virtual size is at least the parent's
 */
public record NewClone(NewImage image, Layout layout) {}
