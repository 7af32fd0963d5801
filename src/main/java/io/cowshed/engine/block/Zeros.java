package io.cowshed.engine.block;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/** Zero bytes, in memory. */
public final class Zeros {

    private Zeros() {}

    /** Writes zeros to all that remains of {@code target}. */
    public static void fill(ByteBuffer target) {
        MemorySegment.ofBuffer(target).fill((byte) 0);
        target.position(target.limit());
    }

    /** Whether all that remains of {@code bytes} is zeros; its position stays. */
    public static boolean areAll(ByteBuffer bytes) {
        MemorySegment segment = MemorySegment.ofBuffer(bytes);
        // A segment is all zeros when it begins with one, and is equal to itself shifted by a byte.
        return segment.byteSize() == 0
                || (segment.get(ValueLayout.JAVA_BYTE, 0) == 0
                        && MemorySegment.mismatch(segment, 0, segment.byteSize() - 1, segment, 1, segment.byteSize())
                                < 0);
    }
}
