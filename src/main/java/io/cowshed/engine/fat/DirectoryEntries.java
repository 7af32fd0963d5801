package io.cowshed.engine.fat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The entries of a root directory. A file has a short name in upper case, {@code USER-D~1}, and before that, in entries that
 * look like volume labels to who does not know them, its own ("FAT Directory Structure" and "FAT Long Directory Entries").
 */
final class DirectoryEntries {

    /** Of one entry, in bytes. */
    static final int LENGTH = 32;

    private static final Pattern LABEL = Pattern.compile("[A-Z0-9_-]{1,11}");
    private static final Pattern NAME = Pattern.compile("[a-z0-9_-]{1,26}");

    private static final int IS_LABEL = 0x08;
    private static final int IS_ARCHIVE = 0x20;
    private static final int IS_LONG_NAME = 0x0f;
    private static final int LAST_OF_LONG_NAME = 0x40;
    private static final int SHORT_NAME = 11;
    private static final int SHORT_STEM = 6;

    /** Where the characters of a long name lie in an entry. */
    private static final int[] LONG_NAME_OFFSETS = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};

    private final ByteBuffer entries;
    private final int date;
    private final int time;
    private int files;

    DirectoryEntries(ByteBuffer entries, String label, LocalDateTime written) {
        if (!LABEL.matcher(label).matches() || written.getYear() < 1980 || written.getYear() > 2107) {
            throw new IllegalArgumentException(label + ", " + written);
        }
        this.entries = entries;
        this.date = ((written.getYear() - 1980) << 9) | (written.getMonthValue() << 5) | written.getDayOfMonth();
        this.time = (written.getHour() << 11) | (written.getMinute() << 5) | (written.getSecond() / 2);
        addShort(padded(label, SHORT_NAME), IS_LABEL, 0, 0);
    }

    /** In ASCII, filled up with spaces. */
    static String padded(String text, int length) {
        return text + " ".repeat(length - text.length());
    }

    /**
     * Adds a file.
     *
     * @param cluster its first; 0 where it is empty
     * @param size in bytes
     */
    void add(String name, int cluster, int size) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("a file " + name);
        }
        files++;
        String alias = padded(alias(name), SHORT_NAME);
        int parts = Math.ceilDiv(name.length(), LONG_NAME_OFFSETS.length);
        for (int part = parts; part > 0; part--) {
            addLong(name, part, part == parts ? LAST_OF_LONG_NAME : 0, checksum(alias));
        }
        addShort(alias, IS_ARCHIVE, cluster, size);
    }

    /** The number makes it unique: no two files of a directory have the same. */
    private String alias(String name) {
        String number = "~" + files;
        int stem = Math.min(name.length(), SHORT_STEM + 2 - number.length());
        return name.substring(0, stem).toUpperCase(Locale.ROOT) + number;
    }

    private void addShort(String name, int attributes, int cluster, int size) {
        int start = entries.position();
        entries.put(name.getBytes(StandardCharsets.US_ASCII));
        entries.put(start + 11, (byte) attributes);
        entries.putShort(start + 22, (short) time);
        entries.putShort(start + 24, (short) date);
        entries.putShort(start + 26, (short) cluster);
        entries.putInt(start + 28, size);
        if ((attributes & IS_LABEL) == 0) {
            entries.putShort(start + 14, (short) time);
            entries.putShort(start + 16, (short) date);
            entries.putShort(start + 18, (short) date);
        }
        entries.position(start + LENGTH);
    }

    /** The part with the last characters comes first; what follows a name is one zero, and then ones. */
    private void addLong(String name, int part, int flag, int checksum) {
        int start = entries.position();
        entries.put(start, (byte) (part | flag));
        entries.put(start + 11, (byte) IS_LONG_NAME);
        entries.put(start + 13, (byte) checksum);
        int first = (part - 1) * LONG_NAME_OFFSETS.length;
        for (int i = 0; i < LONG_NAME_OFFSETS.length; i++) {
            int at = first + i;
            int character = at < name.length() ? name.charAt(at) : at == name.length() ? 0 : 0xffff;
            entries.putShort(start + LONG_NAME_OFFSETS[i], (short) character);
        }
        entries.position(start + LENGTH);
    }

    /** Ties the parts of a long name to the short one ("Organization and Association of Short &amp; Long Directory Entries"). */
    private static int checksum(String alias) {
        int sum = 0;
        for (int i = 0; i < SHORT_NAME; i++) {
            sum = (((sum & 1) << 7) + (sum >>> 1) + alias.charAt(i)) & 0xff;
        }
        return sum;
    }
}
