package io.cowshed.engine.proof;

import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.proof.Expectation.Promise;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.util.Arrays;

/**
 * A disk that is changed while its file is recorded, with what may be expected of it after a power cut put down in the record:
 * before an operation what it may put there, after it what it has promised. For one thread.
 */
final class TrackedDisk {

    private final WritableQcow2Image image;
    private final RecordingFile recording;
    private final DiskContent content;
    private String backing;
    private Expectation expectation;
    private long seed;

    /**
     * @param image an image in {@code recording}
     * @param bytes what the disk holds
     * @param seed of what is written
     */
    TrackedDisk(WritableQcow2Image image, RecordingFile recording, byte[] bytes, long seed) {
        this.image = image;
        this.recording = recording;
        this.content = new DiskContent(bytes);
        this.backing = Sample.backingName(recording.now());
        this.expectation = Expectation.of(bytes, backing);
        this.seed = seed;
    }

    int size() {
        return content.bytes().length;
    }

    Expectation expectation() {
        return expectation;
    }

    /** Writes what no other write wrote; past the end of the disk nothing is written. */
    void write(int offset, int length) throws IOException {
        int there = Math.clamp(size() - offset, 0, length);
        byte[] after = content.bytes().clone();
        seed++;
        System.arraycopy(DiskContent.noise(there, seed), 0, after, Math.min(offset, size()), there);
        mayBecome(after, offset, offset + there);
        content.write(image, Math.min(offset, size()), there, seed);
    }

    void writeZeros(int offset, int length) throws IOException {
        int there = Math.clamp(size() - offset, 0, length);
        byte[] after = content.bytes().clone();
        Arrays.fill(after, Math.min(offset, size()), Math.min(offset, size()) + there, (byte) 0);
        mayBecome(after, offset, offset + there);
        content.writeZeros(image, Math.min(offset, size()), there);
    }

    void discard(int offset, int length) throws IOException {
        int there = Math.clamp(size() - offset, 0, length);
        byte[] after = content.bytes().clone();
        Arrays.fill(after, Math.min(offset, size()), Math.min(offset, size()) + there, (byte) 0);
        mayBecome(after, offset, offset + there);
        content.discard(image, Math.min(offset, size()), there);
    }

    private void mayBecome(byte[] after, int from, int to) {
        if (from < to) {
            expectation = expectation.or(after, from, to);
            recording.promise(expectation, false);
        }
    }

    void flush() throws IOException {
        image.flush();
        promise(Expectation.of(content.bytes(), backing));
    }

    /** Does nothing where the image does not let itself be resized. */
    void resize(int newSize) throws IOException {
        Expectation before = expectation;
        expectation = expectation.orOfSize(newSize);
        recording.promise(expectation, false);
        try {
            boolean shorter = newSize < size();
            content.resize(image, newSize);
            promise(Expectation.of(content.bytes(), backing).with(shorter ? Promise.TRIMMED : Promise.CONTENT));
        } catch (UnsupportedImageException e) {
            promise(before);
        }
    }

    /** Does nothing where there is no room for the name. */
    void changeBacking(String name) throws IOException {
        Expectation before = expectation;
        expectation = expectation.orOn(name);
        recording.promise(expectation, false);
        try {
            image.changeBacking(name);
            backing = name;
            promise(Expectation.of(content.bytes(), backing));
        } catch (UnsupportedImageException e) {
            promise(before);
        }
    }

    /** Stores what the backing file shows: nothing that can be seen changes. */
    void fill() throws IOException {
        promiseContentOnly();
        DiskContent.fill(image);
    }

    /** Gives back what shows only what would be seen without it: nothing that can be seen changes. */
    void uncover() throws IOException {
        promiseContentOnly();
        DiskContent.uncover(image);
    }

    /** Cuts off what is not in use at the end of the file: nothing that can be seen changes. */
    void trim() throws IOException {
        image.trim();
        promise(Expectation.of(content.bytes(), backing));
    }

    /** Space is being taken or given back: nothing is promised about that until the image is closed. */
    private void promiseContentOnly() {
        expectation = expectation.with(Promise.CONTENT);
        recording.promise(expectation, false);
    }

    void close() throws IOException {
        image.close();
        promise(Expectation.of(content.bytes(), backing).with(Promise.SETTLED));
    }

    private void promise(Expectation promised) {
        expectation = promised;
        recording.promise(promised, true);
    }
}
