package io.cowshed.engine.qcow2.format;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who an image is, in its own file: what the header extension {@value #EXTENSION_TYPE} holds, so that a volume without
 * its database can still be read. The extension is 16 bytes of UUID, most significant first, then the name in UTF-8.
 *
 * @param id the image's id
 * @param name its name when the file was made: 1 to {@value #MAX_NAME_BYTES} bytes of UTF-8
 */
public record ImageIdentity(UUID id, String name) {

    /** "CWSH". */
    public static final int EXTENSION_TYPE = 0x43575348;

    /** The longest name, in bytes of UTF-8. */
    public static final int MAX_NAME_BYTES = 255;

    private static final int UUID_BYTES = 16;

    /** @throws IllegalArgumentException when the name is empty, too long, or has unpaired surrogates */
    public ImageIdentity {
        int length = encodeName(name).remaining();
        if (length == 0 || length > MAX_NAME_BYTES) {
            throw new IllegalArgumentException("a name of " + length + " bytes");
        }
    }

    /** The identity that an extension's content holds, or null where the content is not one: it may be a stranger's. */
    static @Nullable ImageIdentity decode(ByteBuffer content) {
        int length = content.remaining() - UUID_BYTES;
        if (length < 1 || length > MAX_NAME_BYTES) {
            return null;
        }
        ByteBuffer in = content.duplicate();
        UUID id = new UUID(in.getLong(), in.getLong());
        try {
            String name = StandardCharsets.UTF_8.newDecoder().decode(in).toString();
            // No image is called that, and a database may refuse to be told.
            return name.chars().anyMatch(Character::isISOControl) ? null : new ImageIdentity(id, name);
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    ByteBuffer encode() {
        ByteBuffer text = encodeName(name);
        return ByteBuffer.allocate(UUID_BYTES + text.remaining())
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .put(text)
                .flip();
    }

    private static ByteBuffer encodeName(String name) {
        try {
            return StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(name));
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("a name that is not text", e);
        }
    }
}
