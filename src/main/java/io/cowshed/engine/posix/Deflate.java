package io.cowshed.engine.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Raw deflate streams (RFC 1951) by the system's zlib, which lets the window be chosen as {@link java.util.zip.Deflater} does
 * not. The calls hold on to the carrier of a virtual thread, so they are for platform threads. For one thread at a time.
 */
// Foreign calls are restricted methods by nature; the jar's manifest and the build enable them.
@SuppressWarnings("restricted")
public final class Deflate implements AutoCloseable {

    private static final String LIBRARY = "libz.so.1";

    private static final int Z_OK = 0;
    private static final int Z_STREAM_END = 1;
    private static final int Z_FINISH = 4;
    private static final int Z_DEFLATED = 8;
    private static final int Z_DEFAULT_STRATEGY = 0;
    private static final int MOST_MEMORY = 9;

    /** {@code z_stream}, as it is where pointers and {@code long} have 64 bits. */
    private static final long Z_STREAM_SIZE = 112;

    private static final long NEXT_IN = 0;
    private static final long AVAIL_IN = 8;
    private static final long NEXT_OUT = 24;
    private static final long AVAIL_OUT = 32;

    private static final Optional<Calls> CALLS = link();

    private final Calls calls;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment stream = arena.allocate(Z_STREAM_SIZE, Long.BYTES);

    private record Calls(
            MemorySegment version, MethodHandle init, MethodHandle reset, MethodHandle deflate, MethodHandle end) {}

    private Deflate(Calls calls, int level, int windowBits) {
        this.calls = calls;
        int result;
        try {
            result = (int) calls.init.invokeExact(
                    stream, level, Z_DEFLATED, -windowBits, MOST_MEMORY, Z_DEFAULT_STRATEGY, calls.version, (int)
                            Z_STREAM_SIZE);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        if (result != Z_OK) {
            arena.close();
            throw new IllegalArgumentException(
                    "deflate of level " + level + " with a window of " + windowBits + " bits: error " + result);
        }
    }

    /**
     * What makes streams, or empty where the system has no zlib.
     *
     * @param level 1 to 9, or -1 for zlib's default
     * @param windowBits log2 of the furthest distance of a match in bytes, 9 to 15
     */
    public static Optional<Deflate> open(int level, int windowBits) {
        return CALLS.map(calls -> new Deflate(calls, level, windowBits));
    }

    /**
     * Makes one stream of what remains of {@code source}, and puts it into {@code target}. Both are direct buffers.
     *
     * @return whether it fitted into what remained of {@code target}; what that holds is undefined if not
     */
    public boolean compress(ByteBuffer source, ByteBuffer target) {
        try {
            int reset = (int) calls.reset.invokeExact(stream);
            stream.set(ADDRESS, NEXT_IN, MemorySegment.ofBuffer(source));
            stream.set(JAVA_INT, AVAIL_IN, source.remaining());
            stream.set(ADDRESS, NEXT_OUT, MemorySegment.ofBuffer(target));
            stream.set(JAVA_INT, AVAIL_OUT, target.remaining());
            int result = (int) calls.deflate.invokeExact(stream, Z_FINISH);
            if (reset != Z_OK || result != Z_STREAM_END) {
                return false;
            }
            target.position(target.limit() - stream.get(JAVA_INT, AVAIL_OUT));
            source.position(source.limit());
            return true;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public void close() {
        try {
            int ignored = (int) calls.end.invokeExact(stream);
        } catch (Throwable e) {
            throw unexpected(e);
        } finally {
            arena.close();
        }
    }

    private static Optional<Calls> link() {
        SymbolLookup library;
        try {
            library = SymbolLookup.libraryLookup(LIBRARY, Arena.global());
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
        Linker linker = Linker.nativeLinker();
        FunctionDescriptor ofStream = FunctionDescriptor.of(JAVA_INT, ADDRESS);
        FunctionDescriptor init = FunctionDescriptor.of(
                JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
        MethodHandle version =
                linker.downcallHandle(library.findOrThrow("zlibVersion"), FunctionDescriptor.of(ADDRESS));
        try {
            return Optional.of(new Calls(
                    (MemorySegment) version.invokeExact(),
                    linker.downcallHandle(library.findOrThrow("deflateInit2_"), init),
                    linker.downcallHandle(library.findOrThrow("deflateReset"), ofStream),
                    linker.downcallHandle(
                            library.findOrThrow("deflate"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT)),
                    linker.downcallHandle(library.findOrThrow("deflateEnd"), ofStream)));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static Error unexpected(Throwable e) {
        return e instanceof Error error ? error : new AssertionError("a foreign call threw", e);
    }
}
