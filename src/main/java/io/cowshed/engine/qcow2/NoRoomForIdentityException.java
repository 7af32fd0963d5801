package io.cowshed.engine.qcow2;

import java.io.IOException;

/** An image's header cluster is too full to take the extension that says which image it is. */
public final class NoRoomForIdentityException extends IOException {

    NoRoomForIdentityException(String file, int clusterSize, Throwable cause) {
        super(
                file + ": its header cluster of " + clusterSize
                        + " bytes has no room for Cowshed's extension; convert it to a larger cluster size",
                cause);
    }
}
