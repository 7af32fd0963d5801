package io.cowshed.engine.proof;

import io.cowshed.engine.block.BlockFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A file in memory that remembers all that is done to it, in order. For one thread. */
final class RecordingFile implements BlockFile {

    private final SectorFile before;
    private final SectorFile now;
    private final List<Event> events = new ArrayList<>();

    /** Something that happened. */
    sealed interface Event {}

    /**
     * Sectors were written, or punched out.
     *
     * @param first the first one's number
     * @param contents what each holds after it: the whole sector, as a page cache would send it to the disk
     * @param size of the file after it
     * @param grew whether it was less before
     */
    record Sectors(int first, List<byte[]> contents, long size, boolean grew) implements Event {}

    /** The file was given another size. */
    record Size(long size) implements Event {}

    /** All before it is on stable storage. */
    record Flush() implements Event {}

    /**
     * From here on a disk is to be judged otherwise.
     *
     * @param expectation what it may hold after a power cut
     * @param narrows whether something was promised, so that even a cut at this very moment is judged by it
     */
    record Promise(Expectation expectation, boolean narrows) implements Event {}

    /** Records what happens to a copy of {@code file}. */
    RecordingFile(SectorFile file) {
        this.before = file.copy();
        this.now = file.copy();
    }

    /** The file as it was when recording began. */
    SectorFile before() {
        return before.copy();
    }

    /** The file as it is now. */
    SectorFile now() {
        return now.copy();
    }

    List<Event> events() {
        return events;
    }

    void promise(Expectation expectation, boolean narrows) {
        events.add(new Promise(expectation, narrows));
    }

    private void recordSectors(long position, long end, long sizeBefore) {
        int first = (int) (position / SectorFile.SECTOR);
        int count = (int) (Math.ceilDiv(end, SectorFile.SECTOR) - first);
        List<byte[]> contents =
                IntStream.range(first, first + count).mapToObj(now::sector).toList();
        events.add(new Sectors(first, contents, now.size(), now.size() > sizeBefore));
    }

    @Override
    public String name() {
        return now.name();
    }

    @Override
    public Object key() {
        return now.key();
    }

    @Override
    public long size() {
        return now.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
        return now.read(position, target);
    }

    @Override
    public void write(long position, ByteBuffer source) {
        long size = now.size();
        long end = position + source.remaining();
        now.write(position, source);
        if (end > position) {
            recordSectors(position, end, size);
        }
    }

    @Override
    public void setSize(long size) {
        now.setSize(size);
        events.add(new Size(size));
    }

    @Override
    public void punchHole(long position, long length) {
        now.punchHole(position, length);
        long end = Math.min(now.size(), position + length);
        if (end > position) {
            recordSectors(position, end, now.size());
        }
    }

    @Override
    public void flush() {
        events.add(new Flush());
    }

    @Override
    public long nextData(long position) {
        return now.nextData(position);
    }

    @Override
    public long nextHole(long position) {
        return now.nextHole(position);
    }

    @Override
    public void close() {}
}
