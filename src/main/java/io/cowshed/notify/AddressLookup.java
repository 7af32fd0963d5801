package io.cowshed.notify;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Finds the addresses of a name. */
@FunctionalInterface
interface AddressLookup {

    /** At least one. */
    InetAddress[] find(String host) throws UnknownHostException;
}
