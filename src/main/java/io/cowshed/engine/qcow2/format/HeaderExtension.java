package io.cowshed.engine.qcow2.format;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A header extension (specification, "Header extensions"). What is not known, or not as it should be, is kept as it is. */
public sealed interface HeaderExtension {

    /** Backing file format name. */
    int BACKING_FORMAT_TYPE = 0xE2792ACA;

    /** Feature name table. */
    int FEATURE_NAMES_TYPE = 0x6803f857;

    /** Bitmaps extension. */
    int BITMAPS_TYPE = 0x23852875;

    /** The number that says what the content is. */
    int type();

    /** The content, without its padding: a new buffer. */
    ByteBuffer content();

    /** The format of the backing file, such as {@code qcow2}: ASCII. */
    record BackingFormat(String format) implements HeaderExtension {
        @Override
        public int type() {
            return BACKING_FORMAT_TYPE;
        }

        @Override
        public ByteBuffer content() {
            return ByteBuffer.wrap(format.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** The names of feature bits. */
    record FeatureNames(List<FeatureName> names) implements HeaderExtension {
        public FeatureNames {
            names = List.copyOf(names);
        }

        @Override
        public int type() {
            return FEATURE_NAMES_TYPE;
        }

        @Override
        public ByteBuffer content() {
            return FeatureName.encode(names);
        }
    }

    /**
     * Where the persistent bitmaps are.
     *
     * @param count number of bitmaps, unsigned
     * @param directorySize bytes in the bitmap directory: untrusted
     * @param directoryOffset where in the file the bitmap directory lies: untrusted
     */
    record Bitmaps(int count, long directorySize, long directoryOffset) implements HeaderExtension {
        private static final int BYTES = 24;

        @Override
        public int type() {
            return BITMAPS_TYPE;
        }

        @Override
        public ByteBuffer content() {
            return ByteBuffer.allocate(BYTES)
                    .putInt(count)
                    .putInt(0)
                    .putLong(directorySize)
                    .putLong(directoryOffset)
                    .flip();
        }
    }

    /** Which catalogued image the file is. */
    record Identity(ImageIdentity identity) implements HeaderExtension {
        @Override
        public int type() {
            return ImageIdentity.EXTENSION_TYPE;
        }

        @Override
        public ByteBuffer content() {
            return identity.encode();
        }
    }

    /** Anything else, kept byte for byte. */
    record Unknown(int type, ByteBuffer content) implements HeaderExtension {
        public Unknown {
            content = copyOf(content);
        }

        @Override
        public ByteBuffer content() {
            return content.duplicate();
        }

        private static ByteBuffer copyOf(ByteBuffer bytes) {
            return ByteBuffer.allocate(bytes.remaining())
                    .put(bytes.duplicate())
                    .flip()
                    .asReadOnlyBuffer();
        }
    }

    /** What an extension's content means; never fails, and encodes to the same bytes again. */
    static HeaderExtension decode(int type, ByteBuffer content) {
        Unknown raw = new Unknown(type, content);
        HeaderExtension known = switch (type) {
            case BACKING_FORMAT_TYPE ->
                new BackingFormat(
                        StandardCharsets.US_ASCII.decode(raw.content()).toString());
            case FEATURE_NAMES_TYPE -> new FeatureNames(FeatureName.decode(raw.content()));
            case BITMAPS_TYPE -> bitmaps(raw);
            case ImageIdentity.EXTENSION_TYPE -> identity(raw);
            default -> raw;
        };
        return known.content().equals(raw.content()) ? known : raw;
    }

    private static HeaderExtension bitmaps(Unknown raw) {
        ByteBuffer in = raw.content();
        if (in.remaining() != Bitmaps.BYTES) {
            return raw;
        }
        return new Bitmaps(in.getInt(0), in.getLong(8), in.getLong(16));
    }

    private static HeaderExtension identity(Unknown raw) {
        ImageIdentity identity = ImageIdentity.decode(raw.content());
        return identity == null ? raw : new Identity(identity);
    }
}
