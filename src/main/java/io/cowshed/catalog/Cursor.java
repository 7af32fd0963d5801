package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where a page ended, as an opaque word: the sort key's value and the id of its last image, after a checksum of these and
 * of the query, so that a cursor that was mended or belongs to another query is refused rather than misread.
 *
 * @param key the value that was sorted by, as text
 */
record Cursor(String key, UUID id) {

    private static final int CHECKSUM_LENGTH = 8;
    private static final int ID_LENGTH = 36;
    private static final int MAX_LENGTH = 512;

    /** The cursor that goes on where a page of this query ended. */
    static String after(ImageQuery query, Cursor last) {
        byte[] position = (last.id + last.key).getBytes(StandardCharsets.UTF_8);
        byte[] word = Arrays.copyOf(checksum(query, position), CHECKSUM_LENGTH + position.length);
        System.arraycopy(position, 0, word, CHECKSUM_LENGTH, position.length);
        return encode(word);
    }

    /** @throws CowshedException of type INVALID_REQUEST if the word is not one that the query was answered with */
    static Cursor parse(ImageQuery query, String word) {
        byte[] bytes = decode(word);
        if (bytes.length < CHECKSUM_LENGTH + ID_LENGTH) {
            throw invalid();
        }
        byte[] position = Arrays.copyOfRange(bytes, CHECKSUM_LENGTH, bytes.length);
        if (!Arrays.equals(checksum(query, position), Arrays.copyOf(bytes, CHECKSUM_LENGTH))) {
            throw invalid();
        }
        String text = new String(position, StandardCharsets.UTF_8);
        String id = text.substring(0, Math.min(ID_LENGTH, text.length()));
        if (!ImageName.looksLikeId(id)) {
            throw invalid();
        }
        return new Cursor(text.substring(ID_LENGTH), UUID.fromString(id));
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] decode(String word) {
        if (word.length() > MAX_LENGTH) {
            throw invalid();
        }
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(word);
            if (encode(bytes).equals(word)) { // the decoder overlooks padding and spare bits
                return bytes;
            }
            throw invalid();
        } catch (IllegalArgumentException e) {
            throw invalid();
        }
    }

    /** Of everything that decides which images follow; the limit may change from page to page. */
    private static byte[] checksum(ImageQuery query, byte[] position) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
        List<@Nullable Object> filter = Arrays.asList(
                query.text(),
                query.labels(),
                new TreeSet<>(query.states()),
                query.sealed(),
                query.lifetime(),
                query.parent(),
                query.family(),
                query.attached(),
                query.expiring(),
                query.sort());
        digest.update(filter.toString().getBytes(StandardCharsets.UTF_8));
        return Arrays.copyOf(digest.digest(position), CHECKSUM_LENGTH);
    }

    static CowshedException invalid() {
        return Text.refuse(
                "The cursor is not one that this query was answered with.",
                "Use nextCursor of the page before, with the same filters and sort, or start over without a cursor.");
    }
}
