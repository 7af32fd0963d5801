package io.cowshed.engine.block;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Zero bytes, in memory. */
public final class Zeros {

    private Zeros() {}

    /** Writes zeros to all that remains of {@code target}. */
    public static void fill(ByteBuffer target) {
        MemorySegment.ofBuffer(target).fill((byte) 0);
        target.position(target.limit());
    }
}
