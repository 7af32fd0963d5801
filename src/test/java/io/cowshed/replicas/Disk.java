package io.cowshed.replicas;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an image must be, by all that its only user was told of it. */
final class Disk {

    static final int BLOCK = 65536;
    static final int BLOCKS = 16;

    final String id;
    final String name;
    /** What each block is filled with. */
    byte[] content;

    @Nullable
    Disk parent;

    boolean sealed;
    boolean published;
    boolean trashed;
    /** Those in the trash too. */
    final List<Disk> children = Collections.synchronizedList(new ArrayList<>());

    Disk(String id, String name, byte[] content, @Nullable Disk parent, boolean sealed) {
        this.id = id;
        this.name = name;
        this.content = content.clone();
        this.sealed = sealed;
        lieOn(parent);
    }

    /** From now on it is a clone of that, or of none. */
    void lieOn(@Nullable Disk other) {
        if (parent != null) {
            parent.children.remove(this);
        }
        parent = other;
        if (other != null) {
            other.children.add(this);
        }
    }

    boolean isFree() {
        return children.isEmpty() && !published;
    }

    int depth() {
        return parent == null ? 0 : parent.depth() + 1;
    }

    /** As a guest reads it. */
    byte[] bytes() {
        byte[] bytes = new byte[BLOCKS * BLOCK];
        for (int block = 0; block < BLOCKS; block++) {
            Arrays.fill(bytes, block * BLOCK, (block + 1) * BLOCK, content[block]);
        }
        return bytes;
    }

    /** SHA-256 over the SHA-256 of every block and the length, as nbdkit's blkhash filter defines it for blocks of 64 KiB. */
    String digest() {
        try {
            MessageDigest outer = MessageDigest.getInstance("SHA-256");
            MessageDigest inner = MessageDigest.getInstance("SHA-256");
            byte[] block = new byte[BLOCK];
            for (byte pattern : content) {
                Arrays.fill(block, pattern);
                outer.update(inner.digest(block));
            }
            long length = (long) BLOCKS * BLOCK;
            for (int i = 0; i < 8; i++) {
                outer.update((byte) (length >>> (8 * i)));
            }
            return "blkhash-sha256:" + HexFormat.of().formatHex(outer.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Commands for qemu-io that read it all and compare. */
    List<String> reading() {
        List<String> commands = new ArrayList<>();
        for (int block = 0; block < BLOCKS; block++) {
            commands.add("read -P " + (content[block] & 0xff) + " " + block * BLOCK + " " + BLOCK);
        }
        return commands;
    }

    @Override
    public String toString() {
        return name + " (" + id + ")";
    }
}
