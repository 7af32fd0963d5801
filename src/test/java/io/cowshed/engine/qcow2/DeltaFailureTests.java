package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.qcow2.DeltaCopy.Options;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.raw.RawImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** However a delta is broken off: it says so, nothing goes on, and what is left is no image. */
class DeltaFailureTests {

    private static final int SIZE = 3_000_000;

    private byte[] sourceFile = new byte[0];
    private byte[] baseDisk = new byte[0];
    private byte[] otherDisk = new byte[0];

    /** What a test calls off a copy with. */
    private static final class CalledOff extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** A file whose calls are counted, together with those of others, and of which one fails. */
    private record BrittleFile(BlockFile file, AtomicInteger calls, int failing) implements BlockFile {

        private void call(String what) throws IOException {
            if (calls.incrementAndGet() == failing) {
                throw new IOException(what + " fails, says the test");
            }
        }

        @Override
        public String name() {
            return file.name();
        }

        @Override
        public Object key() {
            return file.key();
        }

        @Override
        public long size() throws IOException {
            call("size");
            return file.size();
        }

        @Override
        public int read(long position, ByteBuffer target) throws IOException {
            call("read");
            return file.read(position, target);
        }

        @Override
        public void write(long position, ByteBuffer source) throws IOException {
            call("write");
            file.write(position, source);
        }

        @Override
        public void setSize(long size) throws IOException {
            call("setSize");
            file.setSize(size);
        }

        @Override
        public void punchHole(long position, long length) throws IOException {
            call("punchHole");
            file.punchHole(position, length);
        }

        @Override
        public void flush() throws IOException {
            call("flush");
            file.flush();
        }

        @Override
        public long nextData(long position) throws IOException {
            call("nextData");
            return file.nextData(position);
        }

        @Override
        public long nextHole(long position) throws IOException {
            call("nextHole");
            return file.nextHole(position);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /** The kinds of work that there are. */
    enum Kind {
        PLAIN,
        THOROUGH,
        COMPRESSED;

        private Options options() {
            BackingLink link = new BackingLink("other", ImageFormat.RAW);
            CompressionType compression = this == COMPRESSED ? CompressionType.ZSTD : null;
            return new Options(12, null, link, compression, this == THOROUGH, null);
        }
    }

    /** A chain with data, compressed data and zeros of its own over a disk that is in part like the one it goes to. */
    @BeforeEach
    void makeSource() throws Exception {
        Random random = new Random(1);
        baseDisk = new byte[SIZE];
        random.nextBytes(baseDisk);
        otherDisk = baseDisk.clone();
        for (int at = 0; at < SIZE; at += 200_000) {
            otherDisk[at] ^= 1;
        }
        SectorDisk disk = SectorDisk.random("disk", SIZE, baseDisk, random);
        MemoryFile file = new MemoryFile("source", new byte[0]);
        BackingLink link = new BackingLink("base", ImageFormat.RAW);
        Options options = new Options(12, null, link, CompressionType.ZLIB, false, null);
        try (DiskImage base = new RawImage(new MemoryFile("base", baseDisk))) {
            DeltaCopy.write(disk, base, file, options, _ -> {});
        }
        sourceFile = file.bytes();
    }

    @AfterEach
    void nothingGoesOn() throws InterruptedException {
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("delta")) {
                assertThat(thread.join(Duration.ofSeconds(10)))
                        .as(thread.getName())
                        .isTrue();
            }
        }
    }

    private void copy(Kind kind, MemoryFile target, int failing, AtomicInteger calls, LongConsumer progress)
            throws Exception {
        BackingResolver resolver = (_, _, _) -> new BackingResolver.Backing(
                new BrittleFile(new MemoryFile("base", baseDisk), calls, failing), ImageFormat.RAW);
        BlockFile source = new BrittleFile(new MemoryFile("source", sourceFile), calls, failing);
        BlockFile other = new BrittleFile(new MemoryFile("other", otherDisk), calls, failing);
        try (DiskImage image = ImageChain.open(source, ImageFormat.QCOW2, resolver);
                DiskImage below = new RawImage(other)) {
            DeltaCopy.write(image, below, new BrittleFile(target, calls, failing), kind.options(), progress, 2);
        }
    }

    /** How many calls there are may differ by those that one thread's cache spares another. */
    @ParameterizedTest
    @EnumSource
    void failsAsAnyCallFails(Kind kind) throws Exception {
        int failing = 0;
        String failure = "";
        do {
            failing++;
            MemoryFile target = new MemoryFile("delta", new byte[0]);
            AtomicInteger calls = new AtomicInteger();
            failure = failureOf(kind, target, failing, calls);
            int after = calls.get();
            nothingGoesOn();
            assertThat(calls).hasValue(after);
            // The header comes last, and then there is only the flush.
            if (!failure.isEmpty() && !failure.startsWith("flush")) {
                assertThatThrownBy(() -> Qcow2HeaderReader.read(target)).hasMessageContaining("QCOW2");
            }
        } while (!failure.isEmpty());
        assertThat(failing).isGreaterThan(20);
    }

    /** What it says when one call fails; empty if it is not called that often. */
    private String failureOf(Kind kind, MemoryFile target, int failing, AtomicInteger calls) throws Exception {
        try {
            copy(kind, target, failing, calls, _ -> {});
            assertThat(calls).hasValueLessThan(failing);
            return "";
        } catch (IOException e) {
            assertThat(e).hasMessageEndingWith(" fails, says the test");
            return String.valueOf(e.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource
    void endsWhenItIsCalledOff(Kind kind) throws Exception {
        AtomicInteger all = new AtomicInteger();
        copy(kind, new MemoryFile("delta", new byte[0]), 0, new AtomicInteger(), _ -> all.incrementAndGet());
        assertThat(all).hasValueGreaterThan(20);
        for (int last = 1; last <= all.get(); last += 1 + all.get() / 100) {
            MemoryFile target = new MemoryFile("delta", new byte[0]);
            AtomicInteger told = new AtomicInteger();
            AtomicInteger calls = new AtomicInteger();
            int end = last;
            assertThatThrownBy(() -> copy(kind, target, 0, calls, _ -> {
                        if (told.incrementAndGet() == end) {
                            throw new CalledOff();
                        }
                    }))
                    .isInstanceOf(CalledOff.class);
            int after = calls.get();
            nothingGoesOn();
            assertThat(calls).hasValue(after);
            assertThatThrownBy(() -> Qcow2HeaderReader.read(target)).hasMessageContaining("QCOW2");
        }
    }

    @ParameterizedTest
    @EnumSource
    void endsWhenItIsInterrupted(Kind kind) {
        MemoryFile target = new MemoryFile("delta", new byte[0]);
        assertThatThrownBy(() -> copy(
                        kind,
                        target,
                        0,
                        new AtomicInteger(),
                        _ -> Thread.currentThread().interrupt()))
                .isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        assertThatThrownBy(() -> Qcow2HeaderReader.read(target)).hasMessageContaining("QCOW2");
    }

    @Test
    void countingTheWorkEndsWhenItIsInterrupted() {
        DiskImage disk = SectorDisk.random("disk", SIZE, baseDisk, new Random(2));
        Options options = new Options(12, null, null, null, false, null);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> DeltaCopy.work(disk, null, options)).isInstanceOf(InterruptedException.class);
    }
}
