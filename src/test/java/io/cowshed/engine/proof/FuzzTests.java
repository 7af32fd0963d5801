package io.cowshed.engine.proof;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link HostileBytes} with what Jazzer makes of the samples, by {@code scripts/fuzz}: its agent would slow other tests. */
@Tag("fuzz")
class FuzzTests {

    /** Small images that QEMU made. */
    static Stream<byte[]> samples() throws IOException {
        Path directory = Files.createTempDirectory("fuzz");
        return Sample.makeAll(directory).stream()
                .filter(sample -> !sample.isLarge())
                .map(sample -> sample.file().bytes());
    }

    @MethodSource("samples")
    @FuzzTest(maxDuration = "")
    void readAndMap(byte[] bytes) {
        HostileBytes.readAndMap(bytes);
    }

    @MethodSource("samples")
    @FuzzTest(maxDuration = "")
    void stream(byte[] bytes) {
        HostileBytes.stream(bytes);
    }

    @MethodSource("samples")
    @FuzzTest(maxDuration = "")
    void check(byte[] bytes) {
        HostileBytes.check(bytes);
    }

    @MethodSource("samples")
    @FuzzTest(maxDuration = "")
    void repair(byte[] bytes) {
        HostileBytes.repair(bytes);
    }

    @MethodSource("samples")
    @FuzzTest(maxDuration = "")
    void write(byte[] bytes) {
        HostileBytes.write(bytes);
    }
}
