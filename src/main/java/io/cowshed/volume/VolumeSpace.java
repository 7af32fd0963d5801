package io.cowshed.volume;

/**
 * The space of the volume's file system, in bytes.
 *
 * @param total all of it
 * @param usable what this service may still take
 */
public record VolumeSpace(long total, long usable) {}
