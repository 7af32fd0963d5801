package io.cowshed.engine.qcow2;

import java.io.IOException;

/** An image's header cluster is too full to take the extension that says which image it is. */
public final class NoRoomForIdentityException extends IOException {

    /** The header would have to change in more than one sector. */
    NoRoomForIdentityException(String file) {
        super(file + ": its header has no room for another identity that could be written at once");
    }

    NoRoomForIdentityException(String file, int clusterSize, Throwable cause) {
        super(
                file + ": its header cluster of " + clusterSize
                        + " bytes has no room for Cowshed's extension; convert it to a larger cluster size",
                cause);
    }
}
