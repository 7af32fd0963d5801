package io.cowshed.engine.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ExtentsTests {

    private static final OptionalLong NOWHERE = OptionalLong.empty();

    /** A disk that is nothing but the extents it is given. */
    private record Mapped(List<Extent> extents) implements DiskImage {
        @Override
        public long virtualSize() {
            return extents.getLast().end();
        }

        @Override
        public void read(long offset, ByteBuffer target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Extent extentAt(long offset, long maxLength) {
            for (Extent e : extents) {
                if (offset < e.end()) {
                    long within = offset - e.start();
                    return new Extent(
                            offset,
                            Math.min(maxLength, e.length() - within),
                            e.depth(),
                            e.present(),
                            e.zero(),
                            e.data(),
                            e.compressed(),
                            e.offset().isEmpty()
                                    ? NOWHERE
                                    : OptionalLong.of(e.offset().getAsLong() + within));
                }
            }
            throw new IndexOutOfBoundsException(offset);
        }

        @Override
        public void close() {}
    }

    private static Extent data(long start, long length, long offset) {
        return new Extent(start, length, 0, true, false, true, false, OptionalLong.of(offset));
    }

    private static Extent compressed(long start, long length) {
        return new Extent(start, length, 0, true, false, true, true, NOWHERE);
    }

    private static Extent absent(long start, long length, int depth) {
        return new Extent(start, length, depth, false, true, false, false, NOWHERE);
    }

    private static List<Extent> all(Extents extents) throws IOException {
        List<Extent> list = new ArrayList<>();
        for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
            list.add(extent);
        }
        return list;
    }

    @Test
    void joinsNeighboursOfOneKind() throws IOException {
        Mapped disk = new Mapped(List.of(
                data(0, 10, 100),
                data(10, 10, 110),
                data(20, 10, 130),
                compressed(30, 10),
                compressed(40, 10),
                absent(50, 10, 0),
                absent(60, 10, 0),
                absent(70, 10, 1)));
        assertThat(all(Extents.of(disk)))
                .containsExactly(
                        data(0, 20, 100), data(20, 10, 130), compressed(30, 20), absent(50, 20, 0), absent(70, 10, 1));
    }

    @Test
    void cutsTheFirstAndTheLastToTheRange() throws IOException {
        Mapped disk = new Mapped(List.of(data(0, 10, 100), data(10, 10, 110), absent(20, 10, 0)));
        assertThat(all(Extents.of(disk, 5, 17))).containsExactly(data(5, 15, 105), absent(20, 2, 0));
        assertThat(all(Extents.of(disk, 5, 0))).isEmpty();
        assertThat(all(Extents.of(disk, 30, 0))).isEmpty();
    }

    @Test
    void refusesARangeOutsideTheDisk() {
        Mapped disk = new Mapped(List.of(data(0, 10, 100)));
        assertThatThrownBy(() -> Extents.of(disk, 5, 6)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Extents.of(disk, -1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
