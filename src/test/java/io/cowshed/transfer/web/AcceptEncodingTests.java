package io.cowshed.transfer.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.transfer.SentCoding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AcceptEncodingTests {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "zstd",
                "ZSTD",
                " zstd ",
                "gzip, deflate, br, zstd",
                "zstd;q=0.001",
                "zstd ; q=1.000",
                "zstd;Q=0.5",
                "zstd;q=0.8, identity;q=0.7",
                "zstd, identity;q=0",
                "zstd, *;q=0",
                "zstd, *;q=0.5",
                "*, identity;q=0",
                "*;q=0.5, identity;q=0.4",
                "gzip;q=, zstd",
                "identity;q=0, zstd;q=0.2"
            })
    void sendsZstdToWhomItWeighsMoreThanIdentity(String header) {
        assertThat(AcceptEncoding.preferred(header)).isEqualTo(SentCoding.ZSTD);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                "gzip",
                "gzip, deflate, br",
                "identity",
                "*",
                "*;q=0.5",
                "zstd;q=0",
                "zstd;q=0.000, *",
                "zstd, identity",
                "zstd;q=0.5, *",
                "zstd;q=0.5, identity;q=0.6",
                "identity;q=0",
                "*;q=0",
                "zstd;q=2",
                "zstd;q=-1",
                "zstd;q=0.0001",
                "zstd;level=3",
                "zstd gzip",
                "zstandard",
                "x-zstd"
            })
    void sendsIdentityToAnyoneElse(String header) {
        assertThat(AcceptEncoding.preferred(header)).isEqualTo(SentCoding.IDENTITY);
    }

    @Test
    void sendsIdentityWithoutAHeader() {
        assertThat(AcceptEncoding.preferred(null)).isEqualTo(SentCoding.IDENTITY);
    }
}
