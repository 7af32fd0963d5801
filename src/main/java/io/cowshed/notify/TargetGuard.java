package io.cowshed.notify;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.hc.client5.http.DnsResolver;
import org.jspecify.annotations.Nullable;

/**
 * Keeps events from being sent where they must not go: into the network that the service runs in, of which a URL may be a
 * way in. The form of a URL is checked when it is saved and each time it is used. Addresses are checked where the connection
 * gets them from, so that there is no other look-up between the check and the connection. Redirects are not followed at all.
 */
final class TargetGuard implements DnsResolver {

    private static final Pattern LABELS =
            Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*");

    private static final Pattern IPV4 = Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(?:\\.(?!$)|$)){4}");

    /** Such a name is read as an IPv4 address by many, in whatever base. */
    private static final Pattern ENDS_IN_A_NUMBER = Pattern.compile("(?:.*\\.)?(?:\\d+|0x[0-9a-f]*)");

    private static final Pattern IPV6 = Pattern.compile("\\[[0-9a-f:.]+]");

    private static final int LONGEST_NAME = 253;
    private static final int LONGEST_URL = 2000;
    private static final int HTTPS_PORT = 443;
    private static final int HTTP_PORT = 80;

    /** Each may take the whole time allowed to connect. */
    private static final int ADDRESSES_TRIED = 2;

    private final SubscriptionProperties properties;
    private final List<AddressRange> allowed;
    private final AddressLookup lookup;

    TargetGuard(SubscriptionProperties properties, AddressLookup lookup) {
        this.properties = properties;
        this.allowed = properties.networks().stream().map(AddressRange::parse).toList();
        this.lookup = lookup;
    }

    /**
     * The URL, if events may be sent there as far as can be told by looking at it.
     *
     * @throws CowshedException of type INVALID_REQUEST if not
     */
    URI requireAllowed(String text) {
        URI url = parse(text);
        String scheme = lower(url.getScheme());
        if (!properties.schemes().contains(scheme)) {
            throw refuse("The url must begin with "
                    + String.join(
                            ":// or ", properties.schemes().stream().sorted().toList()) + "://.");
        }
        if (url.getRawUserInfo() != null || url.getRawFragment() != null) {
            throw refuse("The url must have neither user name, password nor fragment.");
        }
        String host = lower(url.getHost());
        if (!isHost(host)) {
            throw refuse("The host of the url must be a name in ASCII, or an address in its usual form.");
        }
        int port = url.getPort() != -1 ? url.getPort() : scheme.equals("https") ? HTTPS_PORT : HTTP_PORT;
        if (!properties.ports().isEmpty() && !properties.ports().contains(port)) {
            throw refuse("Nothing is sent to port " + port + ": see cowshed.subscriptions.ports.");
        }
        if (!properties.hosts().isEmpty() && properties.hosts().stream().noneMatch(known -> isCovered(host, known))) {
            throw refuse("Nothing is sent to that host: see cowshed.subscriptions.hosts.");
        }
        if (host.startsWith("[") || IPV4.matcher(host).matches()) {
            requireAllowedAddress(host);
        }
        return url;
    }

    /** There is nothing to look up: whoever saves it hears at once what an attempt would. */
    private void requireAllowedAddress(String literal) {
        try {
            requireAllowed(InetAddress.ofLiteral(literal));
        } catch (TargetRefused e) {
            throw refuse(String.valueOf(e.getMessage()));
        } catch (IllegalArgumentException _) {
            throw refuse("The host of the url must be a name in ASCII, or an address in its usual form.");
        }
    }

    private void requireAllowed(InetAddress address) throws TargetRefused {
        if (!PublicAddresses.contain(address) && allowed.stream().noneMatch(range -> range.contains(address))) {
            throw new TargetRefused("Nothing is sent to " + address.getHostAddress()
                    + ", which is not public: see cowshed.subscriptions.networks.");
        }
    }

    /**
     * The addresses of a host, to connect to.
     *
     * @throws TargetRefused if one of them is not to be connected to
     */
    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        InetAddress[] found = lookup.find(host);
        for (InetAddress address : found) {
            requireAllowed(address);
        }
        return Arrays.copyOf(found, Math.min(found.length, ADDRESSES_TRIED));
    }

    @Override
    public String resolveCanonicalHostname(String host) {
        return host;
    }

    private static URI parse(String text) {
        if (text.length() > LONGEST_URL) {
            throw refuse("The url must have at most " + LONGEST_URL + " characters.");
        }
        try {
            URI url = new URI(text).parseServerAuthority();
            if (url.getScheme() != null && url.getHost() != null && text.chars().allMatch(c -> c < 0x7f)) {
                return url;
            }
        } catch (URISyntaxException _) {
            // refused below: what exactly a URI may not have interests nobody
        }
        throw refuse("The url is not one, such as https://example.com/hook.");
    }

    private static boolean isHost(String host) {
        if (host.startsWith("[")) {
            return IPV6.matcher(host).matches();
        }
        return host.length() <= LONGEST_NAME
                && LABELS.matcher(host).matches()
                && (IPV4.matcher(host).matches()
                        || !ENDS_IN_A_NUMBER.matcher(host).matches());
    }

    private static boolean isCovered(String host, String known) {
        String name = lower(known);
        return name.startsWith("*.") ? host.endsWith(name.substring(1)) : host.equals(name);
    }

    private static String lower(@Nullable String text) {
        return text == null ? "" : text.toLowerCase(Locale.ROOT);
    }

    private static CowshedException refuse(String detail) {
        return new CowshedException(ProblemType.INVALID_REQUEST, detail, "Use one such as https://example.com/hook.");
    }
}
