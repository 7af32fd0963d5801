package io.cowshed.engine.block;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** The blkhash of bytes in memory, written straight from its definition to compare with. */
public final class PlainBlockHash {

    private PlainBlockHash() {}

    public static String of(byte[] bytes) {
        try {
            MessageDigest outer = MessageDigest.getInstance("SHA-256");
            for (int at = 0; at < bytes.length; at += 65536) {
                byte[] block = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 65536));
                outer.update(MessageDigest.getInstance("SHA-256").digest(block));
            }
            for (int shift = 0; shift < 64; shift += 8) {
                outer.update((byte) ((long) bytes.length >>> shift));
            }
            return "blkhash-sha256:" + HexFormat.of().formatHex(outer.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
