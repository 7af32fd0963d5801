package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.WritableDiskImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** What a disk must hold: a plain array of bytes, changed along with the disk by random operations. */
final class DiskModel {

    private static final int MOST = 300_000;

    private final Random random;
    private final int cluster;
    private byte[] bytes;

    /** {@code bytes} is what the disk holds to begin with. */
    DiskModel(byte[] bytes, int cluster, Random random) {
        this.bytes = bytes.clone();
        this.cluster = cluster;
        this.random = random;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Changes a part of the disk, or flushes it. */
    void change(WritableDiskImage image) throws IOException {
        int kind = random.nextInt(20);
        int offset = offset();
        int length = length(offset);
        if (kind < 11) {
            write(image, offset, length);
        } else if (kind < 15) {
            image.writeZeros(offset, length);
            Arrays.fill(bytes, offset, offset + length, (byte) 0);
        } else if (kind < 18) {
            discard(image, offset, length);
        } else {
            image.flush();
        }
    }

    private int offset() {
        int offset = random.nextInt(bytes.length);
        return switch (random.nextInt(4)) {
            case 0 -> offset;
            case 1 -> offset - offset % 512;
            default -> offset - offset % cluster;
        };
    }

    private int length(int offset) {
        int left = bytes.length - offset;
        int length = switch (random.nextInt(5)) {
            case 0 -> left;
            case 1 -> 1 + random.nextInt(5000);
            case 2 -> 4096;
            default -> cluster * (1 + random.nextInt(4));
        };
        return Math.min(left, Math.min(length, Math.max(MOST, cluster * 2)));
    }

    void write(WritableDiskImage image, int offset, int length) throws IOException {
        byte[] content = new byte[length];
        random.nextBytes(content);
        ByteBuffer source =
                random.nextBoolean() ? ByteBuffer.allocate(length + 3) : ByteBuffer.allocateDirect(length + 3);
        source.position(1);
        source.put(content).limit(length + 1).position(1);
        image.write(offset, source);
        assertThat(source.remaining()).isZero();
        System.arraycopy(content, 0, bytes, offset, length);
    }

    /** Whatever part of a discarded range a disk gives up reads as zeros; the rest must be as it was. */
    private void discard(WritableDiskImage image, int offset, int length) throws IOException {
        image.discard(offset, length);
        byte[] now = new byte[length];
        image.read(offset, ByteBuffer.wrap(now));
        for (int i = 0; i < length; i++) {
            if (now[i] != bytes[offset + i]) {
                assertThat(now[i])
                        .as("the byte at %d after a discard", offset + i)
                        .isZero();
                bytes[offset + i] = 0;
            }
        }
    }

    void resize(WritableDiskImage image, int size) throws IOException {
        image.resize(size);
        bytes = Arrays.copyOf(bytes, size);
    }

    void assertIs(byte[] content) {
        assertThat(content).hasSize(bytes.length);
        assertThat(Arrays.mismatch(content, bytes)).as("first differing offset").isEqualTo(-1);
    }

    void assertIsRead(WritableDiskImage image) throws IOException {
        assertThat(image.virtualSize()).isEqualTo(bytes.length);
        byte[] content = new byte[bytes.length];
        image.read(0, ByteBuffer.wrap(content));
        assertIs(content);
    }
}
