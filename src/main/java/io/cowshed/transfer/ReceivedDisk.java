package io.cowshed.transfer;

/**
 * A disk that has come in whole.
 *
 * @param virtualSize its length in bytes
 * @param clusterSize of the file it was written to, in bytes
 * @param digest of what the guest reads, as {@code blkhash-sha256:<hex>}
 */
record ReceivedDisk(long virtualSize, int clusterSize, String digest) {}
