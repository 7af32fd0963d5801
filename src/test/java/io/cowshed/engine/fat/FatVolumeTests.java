package io.cowshed.engine.fat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.oracle.OracleProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In the judgement of dosfstools, mtools and blkid. */
class FatVolumeTests {

    private static final LocalDateTime WRITTEN = LocalDateTime.of(2026, 11, 20, 13, 37, 42);

    @TempDir
    private Path directory;

    private Path disk = Path.of("");

    private final SequencedMap<String, byte[]> files = new LinkedHashMap<>();

    @BeforeEach
    void setUp() {
        disk = directory.resolve("disk.img");
    }

    private void add(String name, int size) {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);
        files.put(name, content);
    }

    private void write() throws IOException {
        SequencedMap<String, ByteBuffer> contents = new LinkedHashMap<>();
        files.forEach((name, content) -> contents.put(name, ByteBuffer.wrap(content)));
        ByteBuffer beginning = FatVolume.of("CIDATA", 0x12ab34cd, WRITTEN, contents);
        byte[] all = new byte[(int) FatVolume.SIZE];
        beginning.get(all, 0, beginning.remaining());
        Files.write(disk, all);
    }

    private String run(String... command) {
        return OracleProcess.run(Arrays.stream(command)
                .map(word -> word.equals("@") ? disk.toString() : word)
                .toList());
    }

    private void requireWhole() throws IOException {
        assertThat(run("fsck.vfat", "-n", "-v", "@")).doesNotContainIgnoringCase("error");
        assertThat(run("blkid", "-p", "-o", "export", "@"))
                .contains("LABEL=CIDATA", "LABEL_FATBOOT=CIDATA", "TYPE=vfat", "UUID=12AB-34CD");
        Path out = Files.createDirectory(directory.resolve("out"));
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            run("mcopy", "-i", "@", "::" + file.getKey(), out.toString());
            assertThat(out.resolve(file.getKey())).hasBinaryContent(file.getValue());
        }
    }

    @Test
    void holdsTheFilesOfASeedUnderTheirLongNames() throws Exception {
        add("user-data", 64 << 10);
        add("meta-data", 513);
        add("network-config", 512);
        write();
        requireWhole();
        assertThat(run("mdir", "-i", "@", "::"))
                .contains("Volume in drive : is CIDATA", "USER-D~1", "user-data", "NETWOR~3", "network-config")
                .contains("65536 2026-11-20  13:37");
        assertThat(run("fsck.vfat", "-n", "-v", "@"))
                .contains(
                        "4 files, 131/2847 clusters",
                        "Root directory starts at byte 9728 (sector 19)",
                        "224 root directory");
    }

    @Test
    void emptyFilesAndNamesOfEveryLengthAreWhole() throws Exception {
        for (int length = 1; length <= 26; length++) {
            add("abcdefghijklmnopqrstuvwxyz".substring(0, length), length - 1);
        }
        for (int i = files.size(); i < 70; i++) {
            add("one-of-many-more-" + i, 0);
        }
        write();
        requireWhole();
    }

    @Test
    void isFilledToTheLastCluster() throws Exception {
        add("user-data", 2846 * 512);
        add("meta-data", 1);
        write();
        requireWhole();
        files.put("network-config", new byte[1]);
        assertThatThrownBy(this::write).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesWhatItCannotName() {
        for (String name : List.of("", "Upper", "a.b", "a/b", "ä", "a".repeat(27))) {
            files.clear();
            files.put(name, new byte[1]);
            assertThatThrownBy(this::write).as(name).isInstanceOf(IllegalArgumentException.class);
        }
        for (String label : List.of("", "cidata", "TWELVE-CHARS")) {
            assertThatThrownBy(() -> FatVolume.of(label, 0, WRITTEN, new LinkedHashMap<>()))
                    .as(label)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> FatVolume.of("CIDATA", 0, WRITTEN.withYear(1979), new LinkedHashMap<>()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
