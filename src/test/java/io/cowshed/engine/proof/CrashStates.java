package io.cowshed.engine.proof;

import io.cowshed.engine.proof.RecordingFile.Event;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * What a power cut may leave of a file: all that was written before the last flush, and any part of what was written since,
 * sector by sector. A sector holds what some write put there, or what was there before; the length of the file is a thing
 * of its own. The power is cut after each write, each change of size, and whenever something is promised.
 *
 * <p>Where up to {@value #EXHAUSTIVE} sectors are on their way all subsets are tried; else all subsets of whole writes if
 * these are few, all prefixes and suffixes (so each write torn, too), each sector missing alone and there alone, and random
 * ones.
 */
final class CrashStates {

    static final int EXHAUSTIVE = 10;

    private static final int SAMPLES = 12;
    private static final int MOST_SYSTEMATIC = 256;

    private final RecordingFile recording;
    private final Random random;
    private final List<State> states = new ArrayList<>();

    /** What is on its way to the disk: a part of one event. */
    private sealed interface Piece {

        int event();

        void applyTo(SectorFile file);
    }

    /** The {@code number}th sector of a write or punch. */
    private record Sector(int event, RecordingFile.Sectors written, int number) implements Piece {
        @Override
        public void applyTo(SectorFile file) {
            int index = written.first() + number;
            byte[] content = written.contents().get(number);
            if (SectorFile.isHole(content)) {
                file.punchHole((long) index * SectorFile.SECTOR, SectorFile.SECTOR);
            } else {
                file.setSector(index, content, written.size());
            }
        }

        @Override
        public String toString() {
            boolean hole = SectorFile.isHole(written.contents().get(number));
            return (hole ? "hole at " : "") + (written.first() + number) * SectorFile.SECTOR;
        }
    }

    /** A write makes no file shorter, whatever else reached the disk before. */
    private record Growth(int event, long size) implements Piece {
        @Override
        public void applyTo(SectorFile file) {
            file.setSize(Math.max(size, file.size()));
        }
    }

    private record Resize(int event, long size) implements Piece {
        @Override
        public void applyTo(SectorFile file) {
            file.setSize(size);
        }
    }

    /** A state of the file, by what it consists of: {@link #file} makes it. */
    static final class State {
        private final SectorFile stable;
        private final List<Piece> pieces;
        private final BitSet present;
        private final Expectation expectation;

        private State(SectorFile stable, List<Piece> pieces, BitSet present, Expectation expectation) {
            this.stable = stable;
            this.pieces = pieces;
            this.present = present;
            this.expectation = expectation;
        }

        SectorFile file() {
            SectorFile file = stable.copy();
            for (int i = present.nextSetBit(0); i >= 0; i = present.nextSetBit(i + 1)) {
                pieces.get(i).applyTo(file);
            }
            return file;
        }

        Expectation expectation() {
            return expectation;
        }

        @Override
        public String toString() {
            return present + " of " + pieces;
        }
    }

    private CrashStates(RecordingFile recording, long seed) {
        this.recording = recording;
        this.random = new Random(seed);
    }

    /**
     * The states that a cut may leave, from the {@code from}th recorded event on.
     *
     * @param expectation what is expected at the beginning of the record
     * @param most how many states at most; which ones are left out is random
     */
    static List<State> of(RecordingFile recording, Expectation expectation, int from, int most, long seed) {
        CrashStates states = new CrashStates(recording, seed);
        states.collect(expectation, from);
        if (states.states.size() > most) {
            Collections.shuffle(states.states, states.random);
            return states.states.subList(0, most);
        }
        return states.states;
    }

    private void collect(Expectation first, int from) {
        Expectation expectation = first;
        SectorFile stable = recording.before();
        List<Piece> pending = new ArrayList<>();
        List<Event> events = recording.events();
        if (from == 0) {
            add(stable, pending, 0, expectation);
        }
        for (int i = 0; i < events.size(); i++) {
            int known = pending.size();
            switch (events.get(i)) {
                case RecordingFile.Sectors sectors -> {
                    addPieces(i, sectors, pending);
                    if (i >= from) {
                        add(stable, List.copyOf(pending), known, expectation);
                    }
                }
                case RecordingFile.Size(long size) -> {
                    pending.add(new Resize(i, size));
                    if (i >= from) {
                        add(stable, List.copyOf(pending), known, expectation);
                    }
                }
                case RecordingFile.Flush() -> {
                    BitSet all = new BitSet();
                    all.set(0, pending.size());
                    stable = new State(stable, pending, all, expectation).file();
                    pending = new ArrayList<>();
                }
                case RecordingFile.Promise(Expectation next, boolean narrows) -> {
                    expectation = next;
                    if (narrows && i >= from) {
                        add(stable, List.copyOf(pending), known, expectation);
                    }
                }
            }
        }
    }

    private static void addPieces(int event, RecordingFile.Sectors sectors, List<Piece> pending) {
        if (sectors.grew()) {
            pending.add(new Growth(event, sectors.size()));
        }
        for (int i = 0; i < sectors.contents().size(); i++) {
            pending.add(new Sector(event, sectors, i));
        }
    }

    /** Adds the states with at least one of the pieces from {@code known} on, or with any where there are none. */
    private void add(SectorFile stable, List<Piece> pieces, int known, Expectation expectation) {
        Set<BitSet> subsets = new LinkedHashSet<>();
        int count = pieces.size();
        if (count <= EXHAUSTIVE) {
            for (long bits = 0; bits < 1L << count; bits++) {
                subsets.add(BitSet.valueOf(new long[] {bits}));
            }
        } else {
            addSystematic(subsets, pieces);
            for (int i = 0; i < SAMPLES; i++) {
                subsets.add(sample(count));
            }
        }
        for (BitSet subset : subsets) {
            if (known == count || subset.length() > known) {
                states.add(new State(stable, pieces, subset, expectation));
            }
        }
    }

    private void addSystematic(Set<BitSet> subsets, List<Piece> pieces) {
        int count = pieces.size();
        addSubsetsOfWholeEvents(subsets, pieces);
        int step = Math.ceilDiv(count, MOST_SYSTEMATIC);
        for (int i = 0; i <= count; i += step) {
            subsets.add(range(0, i));
            subsets.add(range(i, count));
            if (i < count) {
                subsets.add(range(i, i + 1));
                BitSet dropped = range(0, count);
                dropped.clear(i);
                subsets.add(dropped);
            }
        }
    }

    private static void addSubsetsOfWholeEvents(Set<BitSet> subsets, List<Piece> pieces) {
        List<BitSet> events = new ArrayList<>();
        int last = -1;
        for (int i = 0; i < pieces.size(); i++) {
            if (pieces.get(i).event() != last) {
                events.add(new BitSet());
                last = pieces.get(i).event();
            }
            events.getLast().set(i);
        }
        if (events.size() <= EXHAUSTIVE) {
            for (int bits = 0; bits < 1 << events.size(); bits++) {
                BitSet subset = new BitSet();
                for (int event = 0; event < events.size(); event++) {
                    if ((bits >>> event & 1) != 0) {
                        subset.or(events.get(event));
                    }
                }
                subsets.add(subset);
            }
        }
    }

    private BitSet sample(int count) {
        BitSet subset = new BitSet();
        int percent = 5 + random.nextInt(91);
        for (int i = 0; i < count; i++) {
            subset.set(i, random.nextInt(100) < percent);
        }
        return subset;
    }

    private static BitSet range(int from, int to) {
        BitSet range = new BitSet();
        range.set(from, to);
        return range;
    }
}
