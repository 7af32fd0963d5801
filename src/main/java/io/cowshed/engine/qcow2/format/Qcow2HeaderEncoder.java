package io.cowshed.engine.qcow2.format;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Lays out cluster 0: fixed part, extensions, end marker, backing file name. */
final class Qcow2HeaderEncoder {

    private static final int EXTENSION_HEAD = 8;

    private Qcow2HeaderEncoder() {}

    static ByteBuffer encode(Qcow2Header header) {
        String backingName = header.backingName();
        byte[] name = backingName == null ? new byte[0] : backingName.getBytes(StandardCharsets.UTF_8);
        int fixed = header.version() == 2
                ? Qcow2Header.LENGTH_V2
                : Qcow2Header.LENGTH + header.additionalFields().remaining();
        int nameOffset = fixed + EXTENSION_HEAD;
        for (HeaderExtension extension : header.extensions()) {
            nameOffset += EXTENSION_HEAD + padded(extension.content().remaining());
        }
        int length = nameOffset + name.length;
        if (length > header.geometry().clusterSize() || name.length > Qcow2Limits.MAX_BACKING_NAME_BYTES) {
            throw new IllegalArgumentException("a header of " + length + " bytes does not fit");
        }
        ByteBuffer out = ByteBuffer.allocate(length);
        putFixed(out, header, name.length == 0 ? 0 : nameOffset, name.length, fixed);
        for (HeaderExtension extension : header.extensions()) {
            ByteBuffer content = extension.content();
            int next = out.position() + EXTENSION_HEAD + padded(content.remaining());
            out.putInt(extension.type()).putInt(content.remaining()).put(content);
            out.position(next);
        }
        out.putLong(0).put(name);
        return out.flip();
    }

    private static void putFixed(ByteBuffer out, Qcow2Header header, int nameOffset, int nameLength, int fixed) {
        out.putInt(Qcow2Header.MAGIC)
                .putInt(header.version())
                .putLong(nameOffset)
                .putInt(nameLength)
                .putInt(header.geometry().clusterBits())
                .putLong(header.virtualSize())
                .putInt(0)
                .putInt(header.l1Entries())
                .putLong(header.l1TableOffset())
                .putLong(header.refcountTableOffset())
                .putInt(header.refcountTableClusters())
                .putInt(header.snapshotCount())
                .putLong(header.snapshotTableOffset());
        if (header.version() == 2) {
            return;
        }
        out.putLong(header.features().incompatible())
                .putLong(header.features().compatible())
                .putLong(header.features().autoclear())
                .putInt(header.geometry().refcountOrder())
                .putInt(fixed)
                .put((byte) header.compression().code())
                .put(new byte[7])
                .put(header.additionalFields());
    }

    static int padded(int length) {
        return (length + 7) & ~7;
    }
}
