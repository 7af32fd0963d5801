package io.cowshed.engine.proof;

import io.cowshed.engine.block.WritableDiskImage;
import io.cowshed.engine.qcow2.BackingFill;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** What a disk must hold: a plain array of bytes that is changed along with it. For one thread. */
final class DiskContent {

    private static final byte[] NOISE = new byte[4 << 20];

    static {
        new Random(20_261_120).nextBytes(NOISE);
    }

    private byte[] bytes;

    DiskContent(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    byte[] bytes() {
        return bytes;
    }

    /** Writes, zeroes or discards some part of the disk, of up to three clusters. */
    void change(WritableDiskImage image, Random random, int cluster) throws IOException {
        if (bytes.length == 0) {
            return;
        }
        int unit = random.nextInt(4) == 0 ? 1 : Math.min(cluster, bytes.length);
        int offset = random.nextInt(bytes.length) / unit * unit;
        int length = Math.min(bytes.length - offset, 1 + random.nextInt(3 * cluster));
        switch (random.nextInt(8)) {
            case 0, 1 -> writeZeros(image, offset, length);
            case 2 -> discard(image, offset, length);
            default -> write(image, offset, length, random.nextLong());
        }
    }

    /** Writes random bytes. */
    void write(WritableDiskImage image, int offset, int length, long seed) throws IOException {
        byte[] content = noise(length, seed);
        image.write(offset, ByteBuffer.wrap(content));
        System.arraycopy(content, 0, bytes, offset, length);
    }

    /** Bytes that differ from those of any other seed, made faster than a generator could. */
    static byte[] noise(int length, long seed) {
        int start = Math.floorMod(seed * 7919, NOISE.length - length);
        return Arrays.copyOfRange(NOISE, start, start + length);
    }

    void writeZeros(WritableDiskImage image, int offset, int length) throws IOException {
        image.writeZeros(offset, length);
        Arrays.fill(bytes, offset, offset + length, (byte) 0);
    }

    /** Which parts of a range a disk gives up is its own business: those read as zeros, the others as they were. */
    void discard(WritableDiskImage image, int offset, int length) throws IOException {
        image.discard(offset, length);
        byte[] now = new byte[length];
        image.read(offset, ByteBuffer.wrap(now));
        for (int i = 0; i < length; i++) {
            if (now[i] != bytes[offset + i] && now[i] != 0) {
                throw new AssertionError("the byte at " + (offset + i) + " is neither old nor zero after a discard");
            }
        }
        System.arraycopy(now, 0, bytes, offset, length);
    }

    void resize(WritableDiskImage image, int size) throws IOException {
        image.resize(size);
        bytes = Arrays.copyOf(bytes, size);
    }

    /** Stores what the backing file shows, as for a disk that is to lie on none. */
    static void fill(WritableQcow2Image image) throws IOException {
        try {
            BackingFill.fill(image, null, _ -> {});
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Gives back what shows only what would be seen without it, wherever it lies in the file. */
    static void uncover(WritableQcow2Image image) throws IOException {
        try {
            image.uncover(0);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Whether a disk holds exactly this. */
    boolean isReadFrom(WritableDiskImage image) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(image.virtualSize()));
        image.read(0, content);
        return Arrays.equals(content.array(), bytes);
    }
}
