package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.qcow2.format.HeaderExtension;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the header comes to name another backing file (specification, "Header" and "Header extensions") by one write of the
 * first sector, after which a reader finds either the old name or the new one, and its format.
 *
 * <p>Where all that the header cluster holds fits in that sector, it is written anew. Else the extensions stay where they
 * are: the name goes to sectors of the cluster that hold nothing, and the first sector is changed to point there.
 */
sealed interface BackingChange {

    /** Writes what the changed header will point to, if that lies outside of the first sector. */
    void writeName(OrderedFile file) throws IOException;

    /** The first sector as it is now, with what names the backing file changed. */
    ByteBuffer firstSector(HeaderEditor header) throws IOException;

    /**
     * Plans the change.
     *
     * @param next the header as it is to be
     * @throws UnsupportedImageException when there is no room in the header cluster
     */
    static BackingChange plan(OrderedFile file, Qcow2Header next) throws IOException {
        Whole whole = new Whole(next.backingName(), true);
        if (whole.fits(next)) {
            return whole;
        }
        ByteBuffer cluster = ByteBuffer.allocate(next.geometry().clusterSize());
        file.read(0, cluster);
        Pointed pointed = Pointed.plan(cluster.flip(), next);
        if (pointed != null) {
            return pointed;
        }
        Whole fewer = new Whole(next.backingName(), false);
        if (fewer.fits(next)) {
            return fewer;
        }
        throw new UnsupportedImageException(file.name(), "a header with no room for the backing file's name");
    }

    /**
     * The first sector holds all there is.
     *
     * @param keepsNames whether the names of feature bits stay: they only serve messages
     */
    record Whole(@Nullable String name, boolean keepsNames) implements BackingChange {

        @Override
        public void writeName(OrderedFile file) {}

        @Override
        public ByteBuffer firstSector(HeaderEditor header) {
            ByteBuffer encoded = encoded(header.header());
            return ByteBuffer.allocate(HeaderEditor.SECTOR).put(encoded).clear();
        }

        boolean fits(Qcow2Header header) {
            try {
                return encoded(header).remaining() <= HeaderEditor.SECTOR;
            } catch (IllegalArgumentException e) {
                return false;
            }
        }

        private ByteBuffer encoded(Qcow2Header header) {
            Qcow2Header next = header.withBacking(name, FreshImage.BACKING_FORMAT);
            List<HeaderExtension> extensions = next.extensions().stream()
                    .filter(extension -> keepsNames || extension.type() != HeaderExtension.FEATURE_NAMES_TYPE)
                    .toList();
            return next.withExtensions(extensions).encode();
        }
    }

    /**
     * Only the pointer to the name changes, and the format in its extension.
     *
     * @param name the name, in bytes; none for no backing file
     * @param position where in the file it goes; 0 for no backing file
     * @param formatPosition where the content of the backing format extension begins, 0 where that stays as it is
     */
    record Pointed(ByteBuffer name, int position, int formatPosition) implements BackingChange {

        private static final int BACKING_OFFSET = 8;
        private static final int BACKING_LENGTH = 16;
        private static final int HEADER_LENGTH = 100;
        private static final int EXTENSION_HEAD = 8;

        static @Nullable Pointed plan(ByteBuffer cluster, Qcow2Header next) {
            int position = next.version() == 2 ? Qcow2Header.LENGTH_V2 : cluster.getInt(HEADER_LENGTH);
            int oldStart = (int) cluster.getLong(BACKING_OFFSET);
            int oldEnd = oldStart + cluster.getInt(BACKING_LENGTH);
            int limit = oldStart == 0 ? cluster.limit() : oldStart;
            int format = 0;
            while (limit - position >= EXTENSION_HEAD && cluster.getInt(position) != 0) {
                if (cluster.getInt(position) == HeaderExtension.BACKING_FORMAT_TYPE) {
                    format = position + EXTENSION_HEAD;
                }
                position += EXTENSION_HEAD + ((cluster.getInt(position + Integer.BYTES) + 7) & ~7);
            }
            if (limit - position < EXTENSION_HEAD) {
                return null;
            }
            if (next.backingName() == null) {
                return new Pointed(ByteBuffer.allocate(0), 0, 0);
            }
            ByteBuffer name = StandardCharsets.UTF_8.encode(next.backingName());
            int free = freeSectors(position + EXTENSION_HEAD, oldStart, oldEnd, name.remaining());
            boolean formatFits = format != 0
                    && format + EXTENSION_HEAD <= HeaderEditor.SECTOR
                    && cluster.getInt(format - Integer.BYTES) <= EXTENSION_HEAD
                    && cluster.getInt(format - Integer.BYTES) > 0;
            return formatFits && free + name.remaining() <= cluster.limit() ? new Pointed(name, free, format) : null;
        }

        /** The first sectors past {@code used}, and apart from the old name, that the new one fits in. */
        private static int freeSectors(int used, int oldStart, int oldEnd, int length) {
            int free = roundedUp(used);
            return free + length <= oldStart - oldStart % HeaderEditor.SECTOR || oldEnd <= free
                    ? free
                    : roundedUp(oldEnd);
        }

        private static int roundedUp(int position) {
            return Math.ceilDiv(position, HeaderEditor.SECTOR) * HeaderEditor.SECTOR;
        }

        @Override
        public void writeName(OrderedFile file) throws IOException {
            if (name.hasRemaining()) {
                file.write(position, name.duplicate());
            }
        }

        @Override
        public ByteBuffer firstSector(HeaderEditor header) throws IOException {
            ByteBuffer now = header.sector();
            now.putLong(BACKING_OFFSET, position).putInt(BACKING_LENGTH, name.remaining());
            if (formatPosition != 0) {
                byte[] format = FreshImage.BACKING_FORMAT.getBytes(StandardCharsets.US_ASCII);
                now.putInt(formatPosition - Integer.BYTES, format.length);
                now.putLong(formatPosition, 0).put(formatPosition, format);
            }
            return now;
        }
    }
}
