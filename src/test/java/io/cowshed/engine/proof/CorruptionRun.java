package io.cowshed.engine.proof;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A write that would hit metadata, because a mapping is damaged, and a power cut after it was refused.
 *
 * @param sample an image of version 3, which can be marked, without snapshots
 */
record CorruptionRun(Sample sample) {

    private static final int INCOMPATIBLE = 72;
    private static final long CORRUPT = 2;
    private static final long OFFSET = 0x00ff_ffff_ffff_fe00L;

    /** @throws AssertionError when the write is not refused, or the image is not marked for good then */
    void judge(CrashRun.Opener opener) {
        try {
            RecordingFile recording = new RecordingFile(damaged());
            byte[] content = {};
            WritableQcow2Image image = opener.open(recording, sample.resolver());
            try {
                image.write(0, ByteBuffer.allocate(sample.cluster()));
                throw new AssertionError("a write to the refcount table is not refused");
            } catch (CorruptImageException e) {
                recording.promise(Expectation.of(content, ""), true);
            }
            int from = recording.events().size() - 1;
            for (CrashStates.State state : CrashStates.of(recording, Expectation.of(content, ""), from, 100, 0)) {
                ByteBuffer incompatible = ByteBuffer.allocate(Long.BYTES);
                SectorFile file = state.file();
                file.read(INCOMPATIBLE, incompatible);
                if ((incompatible.getLong(0) & CORRUPT) == 0) {
                    throw new AssertionError("the image is not marked as corrupt");
                }
            }
            image.close();
        } catch (IOException e) {
            throw new AssertionError(this.toString(), e);
        }
    }

    /** The disk's first cluster is said to lie on the refcount table. */
    private SectorFile damaged() {
        byte[] bytes = sample.file().bytes();
        ByteBuffer image = ByteBuffer.wrap(bytes);
        int l1 = (int) image.getLong(40);
        int l2 = (int) (image.getLong(l1) & OFFSET);
        image.putLong(l2, image.getLong(48) | (1L << 63));
        return SectorFile.of(sample.name(), bytes);
    }
}
