package io.cowshed.notify;

import java.net.UnknownHostException;

/** A name leads to where nothing is sent. */
final class TargetRefused extends UnknownHostException {

    TargetRefused(String message) {
        super(message);
    }
}
