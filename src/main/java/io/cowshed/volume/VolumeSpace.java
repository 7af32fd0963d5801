package io.cowshed.volume;

/**
 * The space of the volume's file system, in bytes.
 *
 * @param total all of it
 * @param usable what this service may still take
 */
public record VolumeSpace(long total, long usable) {

    /**
     * Makes sure, before anything is written, that there is room for it now. Writing it can find none all the same.
     *
     * @param bytes that are about to be written, at most
     * @throws VolumeFull when there is not
     */
    public void requireRoomFor(long bytes) {
        if (bytes > usable) {
            throw new VolumeFull(bytes, usable);
        }
    }
}
