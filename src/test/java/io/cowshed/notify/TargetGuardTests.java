package io.cowshed.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.problem.CowshedException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetGuardTests {

    private final TargetGuard strict = new TargetGuard(Targets.strict(), InetAddress::getAllByName);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://example.com/hook",
                "https://example.com",
                "HTTPS://Example.COM:443/a?b=c",
                "https://hooks.a-b.example.com/x",
                "https://93.184.215.14/hook",
                "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/hook",
                "https://1.example/"
            })
    void urlsOfTheUsualFormAreTaken(String url) {
        assertThat(strict.requireAllowed(url)).hasToString(url);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "example.com/hook",
                "/hook",
                "https:",
                "https://",
                "https:///hook",
                "http://example.com/hook",
                "ftp://example.com/hook",
                "file:///etc/passwd",
                "gopher://example.com/",
                "https://user@example.com/",
                "https://user:secret@example.com/",
                "https://@example.com/",
                "https://example.com/#fragment",
                "https://example.com:8443/",
                "https://example.com:0/",
                "https://example.com:99999/",
                "https://example.com\\@127.0.0.1/",
                "https://exa mple.com/",
                "https://example.com/a\r\nX: y",
                "https://ex\u0430mple.com/",
                "https://example.com/\u0430",
                "https://%65xample.com/",
                "https://example.com./",
                "https://2130706433/",
                "https://0x7f000001/",
                "https://0x7f.1/",
                "https://127.1/",
                "https://0177.0.0.1/",
                "https://017700000001/",
                "https://127.0.0.1./",
                "https://1.2.3.256/",
                "https://1.2.3.4.5/",
                "https://example.0x10/",
                "https://[::1%25lo]/",
                "https://[::1%25eth0]/",
                "https://[::1/",
                "https://10.1.2.3/",
                "https://169.254.169.254/latest/meta-data",
                "https://[::1]/",
                "https://[::ffff:127.0.0.1]/",
                "https://a..b/",
                "https://-a.example/"
            })
    void otherUrlsAreRefused(String url) {
        assertThatThrownBy(() -> strict.requireAllowed(url)).isInstanceOf(CowshedException.class);
    }

    @Test
    void hostsAndPortsAreThoseConfigured() {
        TargetGuard guard = new TargetGuard(
                Targets.properties(
                        Set.of("https", "http"),
                        Set.of(443, 8443),
                        List.of("hooks.example.com", "*.ci.example.com"),
                        List.of()),
                InetAddress::getAllByName);

        guard.requireAllowed("https://hooks.example.com/");
        guard.requireAllowed("https://a.ci.example.com:8443/");
        guard.requireAllowed("http://a.b.ci.example.com:443/");
        for (String url : List.of(
                "https://example.com/",
                "https://ci.example.com/",
                "https://evilci.example.com/",
                "https://hooks.example.com.evil.com/",
                "https://x.hooks.example.com/",
                "http://hooks.example.com/")) {
            assertThatThrownBy(() -> guard.requireAllowed(url)).as(url).isInstanceOf(CowshedException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "10.1.2.3",
                "100.64.0.1",
                "100.100.100.200",
                "127.0.0.1",
                "127.255.255.254",
                "168.63.129.16",
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.192",
                "192.168.1.1",
                "198.18.0.1",
                "224.0.0.1",
                "239.255.255.255",
                "255.255.255.255",
                "::",
                "::1",
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "::127.0.0.1",
                "64:ff9b::7f00:1",
                "64:ff9b:1::1",
                "100::1",
                "2001::1",
                "2001:db8::1",
                "2002:7f00:1::",
                "fc00::1",
                "fd00:ec2::254",
                "fe80::1",
                "fec0::1",
                "ff02::1"
            })
    void whatIsNotPublicIsRefused(String address) {
        assertThatThrownBy(() -> strict.resolve(address)).isInstanceOf(TargetRefused.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"93.184.215.14", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:2800:21f::1", "2001:4860::8888"})
    void whatIsPublicIsTaken(String address) throws UnknownHostException {
        assertThat(strict.resolve(address)).containsExactly(InetAddress.getByName(address));
    }

    @Test
    void aNameOfWhichOneAddressIsNotPublicIsRefusedAltogether() {
        TargetGuard guard = new TargetGuard(Targets.strict(), _ ->
                new InetAddress[] {InetAddress.getByName("93.184.215.14"), InetAddress.getByName("10.0.0.1")});

        assertThatThrownBy(() -> guard.resolve("example.com"))
                .isInstanceOf(TargetRefused.class)
                .hasMessageContaining("10.0.0.1");
    }

    /** Where Spring Boot tells of it as of any property, without a stack trace. */
    @ParameterizedTest
    @ValueSource(strings = {"10.1.0.0", "10.1.0.0/33", "db.example.com/8"})
    void aNetworkThatIsNoneIsRefusedWithTheOtherProperties(String network) {
        assertThatThrownBy(() -> Targets.properties(Set.of("https"), Set.of(443), List.of(), List.of(network)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(network);
    }

    @Test
    void networksThatAreConfiguredAreTakenAndNoOthers() throws UnknownHostException {
        TargetGuard guard = new TargetGuard(
                Targets.properties(Set.of("https"), Set.of(443), List.of(), List.of("10.1.0.0/16", "fd00:1::/32")),
                InetAddress::getAllByName);

        guard.requireAllowed("https://10.1.255.1/");
        guard.requireAllowed("https://[fd00:1:ffff::1]/");
        assertThat(guard.resolve("10.1.255.1")).hasSize(1);
        assertThat(guard.resolve("fd00:1:ffff::1")).hasSize(1);
        for (String address : List.of("10.2.0.1", "fd00:2::1", "127.0.0.1")) {
            assertThatThrownBy(() -> guard.resolve(address)).isInstanceOf(TargetRefused.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10.0.0.0", "10.0.0.0/33", "example.com/8", "10.0.0.0/-1", "fd00::/129", "a/8"})
    void rangesOfAnotherFormAreRefused(String range) {
        assertThatThrownBy(() -> AddressRange.parse(range)).isInstanceOf(IllegalArgumentException.class);
    }
}
