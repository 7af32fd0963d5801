package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.MemoryFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class MetadataCacheTests {

    private static final int PAGE = 4096;
    private static final int WORDS = PAGE / 8;

    private static MemoryFile numbered(int pages) {
        ByteBuffer bytes = ByteBuffer.allocate(pages * PAGE);
        for (int i = 0; i < pages * WORDS; i++) {
            bytes.putLong(i);
        }
        return new MemoryFile("numbered", bytes.array());
    }

    @Test
    void keepsNoMoreThanItsCapacityAndDropsWhatWasUsedLongestAgo() throws IOException {
        MemoryFile file = numbered(5);
        MetadataCache cache = new MetadataCache(file, PAGE, 3 * PAGE);
        for (int page : new int[] {0, 1, 2, 0, 3}) {
            assertThat(cache.page("table", 0, 5 * WORDS, page * WORDS + 7)[7]).isEqualTo(page * WORDS + 7);
        }
        assertThat(file.bytesRead()).isEqualTo(4 * PAGE);
        assertThat(cache.page("table", 0, 5 * WORDS, 0)[0]).isZero();
        assertThat(file.bytesRead()).as("page 0 is kept").isEqualTo(4 * PAGE);
        assertThat(cache.page("table", 0, 5 * WORDS, WORDS)[0]).isEqualTo(WORDS);
        assertThat(file.bytesRead()).as("page 1 is not").isEqualTo(5 * PAGE);
    }

    @Test
    void theLastPageEndsWithItsTable() throws IOException {
        MetadataCache cache = new MetadataCache(numbered(2), PAGE, PAGE);
        assertThat(cache.page("table", 0, WORDS + 3, WORDS + 2)).containsExactly(WORDS, WORDS + 1, WORDS + 2);
    }

    @Test
    void refusesATableThatTheFileEndsWithin() {
        MetadataCache cache = new MetadataCache(numbered(1), PAGE, PAGE);
        assertThatThrownBy(() -> cache.page("table", 0, 2 * WORDS, WORDS)).isInstanceOf(CorruptImageException.class);
    }
}
