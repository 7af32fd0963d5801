package io.cowshed.notify;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * All addresses that begin alike (RFC 4632, RFC 4291 section 2.3).
 *
 * @param first of them
 * @param bits how many bits they have in common
 */
record AddressRange(InetAddress first, int bits) {

    /** Digits only, or a look-up would be made of it. */
    private static final Pattern FORM = Pattern.compile("([0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)/(\\d{1,3})");

    /** @throws IllegalArgumentException if the text is not of the form {@code 10.0.0.0/8} or {@code fd00::/8} */
    static AddressRange parse(String text) {
        Matcher parts = FORM.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException(text + " is no range of addresses such as 10.0.0.0/8");
        }
        try {
            InetAddress first = InetAddress.getByName(parts.group(1));
            int bits = Integer.parseInt(parts.group(2));
            if (bits > first.getAddress().length * Byte.SIZE) {
                throw new IllegalArgumentException(text + " has more bits than an address");
            }
            return new AddressRange(first, bits);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(text + " is no range of addresses such as 10.0.0.0/8", e);
        }
    }

    boolean contains(InetAddress address) {
        byte[] mine = first.getAddress();
        byte[] other = address.getAddress();
        if (mine.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            int mask = 0x80 >>> (bit % Byte.SIZE);
            if (((mine[bit / Byte.SIZE] ^ other[bit / Byte.SIZE]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }
}
