package io.cowshed.engine.proof;

import io.cowshed.engine.block.BlockFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A file in memory, made of sectors of {@value #SECTOR} bytes that never change: a write replaces them. So copies share
 * what they have in common, and whoever keeps a sector keeps what it held at that time. A sector that was never written, or
 * punched out, is a hole. For one thread.
 */
final class SectorFile implements BlockFile {

    /** What a disk writes at once or not at all. */
    static final int SECTOR = 512;

    /** The sector that is a hole: this very one, not one like it. */
    private static final byte[] HOLE = new byte[SECTOR];

    private final String name;
    private final boolean frozen;
    private byte[][] sectors;
    private long size;

    private SectorFile(String name, boolean frozen, byte[][] sectors, long size) {
        this.name = name;
        this.frozen = frozen;
        this.sectors = sectors;
        this.size = size;
    }

    static SectorFile of(String name, byte[] bytes) {
        SectorFile file = new SectorFile(name, false, new byte[0][], 0);
        file.write(0, ByteBuffer.wrap(bytes));
        return file;
    }

    static SectorFile read(Path path) throws IOException {
        return of(path.getFileName().toString(), Files.readAllBytes(path));
    }

    /** A file of the same content that changes apart from this one. */
    SectorFile copy() {
        return new SectorFile(name, false, sectors.clone(), size);
    }

    /** A file of the same content that nobody may change. */
    SectorFile frozen() {
        return new SectorFile(name, true, sectors.clone(), size);
    }

    byte[] bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(size));
        read(0, bytes);
        return bytes.array();
    }

    /** What a sector holds; one that {@link #isHole} where there is none. */
    byte[] sector(int index) {
        return index < sectors.length ? sectors[index] : HOLE;
    }

    @SuppressWarnings("ReferenceEquality")
    static boolean isHole(byte[] sector) {
        return sector == HOLE;
    }

    /** Puts one sector in its place, and makes the file reach to its end, or to {@code end} if that is less. */
    void setSector(int index, byte[] sector, long end) {
        reach(index + 1);
        sectors[index] = sector;
        size = Math.max(size, Math.min(end, (index + 1L) * SECTOR));
    }

    boolean isSameAs(SectorFile other) {
        return size == other.size && Arrays.equals(bytes(), other.bytes());
    }

    private void reach(int count) {
        if (count > sectors.length) {
            int known = sectors.length;
            sectors = Arrays.copyOf(sectors, count);
            Arrays.fill(sectors, known, count, HOLE);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Object key() {
        return name;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public int read(long position, ByteBuffer target) {
        int length = Math.clamp(size - position, 0, target.remaining());
        for (int done = 0; done < length; ) {
            int within = (int) ((position + done) % SECTOR);
            int part = Math.min(SECTOR - within, length - done);
            target.put(sector((int) ((position + done) / SECTOR)), within, part);
            done += part;
        }
        return length;
    }

    @Override
    public void write(long position, ByteBuffer source) {
        refuseIfFrozen();
        long end = position + source.remaining();
        reach(Math.toIntExact(Math.ceilDiv(end, SECTOR)));
        for (long next = position; next < end; ) {
            int index = (int) (next / SECTOR);
            int within = (int) (next % SECTOR);
            int part = (int) Math.min(SECTOR - within, end - next);
            byte[] after = sectors[index].clone();
            source.get(after, within, part);
            sectors[index] = after;
            next += part;
        }
        size = Math.max(size, end);
    }

    @Override
    public void setSize(long newSize) {
        refuseIfFrozen();
        if (newSize < size) {
            clear(newSize, size);
        }
        size = newSize;
        int needed = Math.toIntExact(Math.ceilDiv(newSize, SECTOR));
        if (needed < sectors.length) {
            sectors = Arrays.copyOf(sectors, needed);
        }
    }

    @Override
    public void punchHole(long position, long length) {
        refuseIfFrozen();
        clear(position, Math.min(size, position + length));
    }

    private void clear(long from, long to) {
        for (long next = from; next < to; ) {
            int index = (int) (next / SECTOR);
            int within = (int) (next % SECTOR);
            int part = (int) Math.min(SECTOR - within, to - next);
            byte[] before = sector(index);
            if (!isHole(before)) {
                byte[] after = before.clone();
                Arrays.fill(after, within, within + part, (byte) 0);
                sectors[index] = part == SECTOR ? HOLE : after;
            }
            next += part;
        }
    }

    private void refuseIfFrozen() {
        if (frozen) {
            throw new AssertionError(name + " is changed, which nobody may");
        }
    }

    @Override
    public void flush() {}

    @Override
    public long nextData(long position) {
        for (long next = position; next < size; next = (next / SECTOR + 1) * SECTOR) {
            if (!isHole(sector((int) (next / SECTOR)))) {
                return next;
            }
        }
        return Math.max(position, size);
    }

    @Override
    public long nextHole(long position) {
        for (long next = position; next < size; next = (next / SECTOR + 1) * SECTOR) {
            if (isHole(sector((int) (next / SECTOR)))) {
                return next;
            }
        }
        return Math.max(position, size);
    }

    @Override
    public void close() {}
}
