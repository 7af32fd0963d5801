package io.cowshed.transfer.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRangeTests {

    @ParameterizedTest
    @CsvSource({
        "bytes=0-0, 0, 1",
        "bytes=0-, 0, 1000",
        "bytes=10-19, 10, 20",
        "bytes=999-, 999, 1000",
        "bytes=990-5000, 990, 1000",
        "bytes=0-9223372036854775807, 0, 1000",
        "bytes=0-9999999999999999999, 0, 1000",
        "bytes=-1, 999, 1000",
        "bytes=-5000, 0, 1000"
    })
    void readsOneRange(String header, long start, long end) {
        assertThat(ByteRange.parse(header, 1000)).isEqualTo(new ByteRange(start, end));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bytes",
                "bytes=",
                "bytes=-",
                "bytes=a-b",
                "bytes=20-10",
                "bytes=0-1,5-6",
                "lines=0-1",
                "bytes=--1"
            })
    void sendsTheWholeForAnyOtherHeader(String header) {
        assertThat(ByteRange.parse(header, 1000)).isNull();
    }

    @Test
    void sendsTheWholeWithoutAHeader() {
        assertThat(ByteRange.parse(null, 1000)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=1000-", "bytes=1000-2000", "bytes=9999999999999999999-", "bytes=-0"})
    void refusesARangeWithNoByteInIt(String header) {
        assertThatExceptionOfType(CowshedException.class)
                .isThrownBy(() -> ByteRange.parse(header, 1000))
                .satisfies(refusal -> {
                    assertThat(refusal.type()).isEqualTo(ProblemType.RANGE_NOT_SATISFIABLE);
                    assertThat(refusal.headers()).containsEntry("Content-Range", "bytes */1000");
                });
    }
}
