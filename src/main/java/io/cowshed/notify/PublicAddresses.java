package io.cowshed.notify;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/** Which addresses are those of the public internet, as IANA's registries of special-purpose addresses have it (RFC 6890). */
final class PublicAddresses {

    private static final List<AddressRange> SPECIAL_IPV4 = ranges(
            "0.0.0.0/8", // this network
            "10.0.0.0/8", // private
            "100.64.0.0/10", // behind a carrier's NAT
            "127.0.0.0/8", // loopback
            "168.63.129.16/32", // a cloud's metadata, at an address that looks public
            "169.254.0.0/16", // link-local, most clouds' metadata among them
            "172.16.0.0/12", // private
            "192.0.0.0/24", // protocol assignments, another cloud's metadata among them
            "192.0.2.0/24", // documentation
            "192.88.99.0/24", // relays of 6to4
            "192.168.0.0/16", // private
            "198.18.0.0/15", // benchmarks
            "198.51.100.0/24", // documentation
            "203.0.113.0/24", // documentation
            "224.0.0.0/4", // multicast
            "240.0.0.0/4"); // reserved, and broadcast

    /** All that was ever given out for unicast; what is embedded elsewhere (mapped, translated) lies outside. */
    private static final AddressRange UNICAST_IPV6 = AddressRange.parse("2000::/3");

    private static final List<AddressRange> SPECIAL_IPV6 = ranges(
            "2001::/23", // protocol assignments, Teredo among them
            "2001:db8::/32", // documentation
            "2002::/16", // 6to4, which embeds any IPv4 address
            "3fff::/20", // documentation
            "3ffe::/16"); // the former 6bone

    private PublicAddresses() {}

    static boolean contain(InetAddress address) {
        if (address instanceof Inet4Address) {
            return SPECIAL_IPV4.stream().noneMatch(range -> range.contains(address));
        }
        return UNICAST_IPV6.contains(address) && SPECIAL_IPV6.stream().noneMatch(range -> range.contains(address));
    }

    private static List<AddressRange> ranges(String... texts) {
        return Stream.of(texts).map(AddressRange::parse).toList();
    }
}
