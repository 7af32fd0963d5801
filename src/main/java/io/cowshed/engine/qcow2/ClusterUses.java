package io.cowshed.engine.qcow2;

import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How often the clusters of a part of a file are used, and for what. The part is as long as memory allows: it begins where
 * the one before ended, and holds the first so many pages of clusters of which any is used. So an image is judged in as
 * many passes as it takes, each in a fixed amount of memory, however far apart its clusters lie.
 */
final class ClusterUses {

    /** Clusters in a page; fewer where a refcount block has fewer. */
    static final int MAX_PAGE_CLUSTERS = 512;

    private static final int CONFLICT = 1 << 7;

    private final int pageClusters;
    private final int maxPages;
    private final TreeMap<Long, Page> pages = new TreeMap<>();
    private long firstPage;
    private boolean overflown;
    private long lastNumber = -1;
    private @Nullable Page last;

    /** The uses of some clusters that lie side by side. */
    static final class Page {
        private final int[] counts;
        private final byte[] uses;

        private Page(int clusters) {
            this.counts = new int[clusters];
            this.uses = new byte[clusters];
        }

        /** How often the cluster at {@code index} of the page is used. */
        int count(int index) {
            return counts[index];
        }

        /** What the cluster at {@code index} is used as, in words, if that does not go together; else empty. */
        String conflict(int index) {
            if ((uses[index] & CONFLICT) == 0) {
                return "";
            }
            List<String> words = Arrays.stream(ClusterUse.values())
                    .filter(use -> (uses[index] & use.bit()) != 0)
                    .map(ClusterUse::words)
                    .toList();
            return words.size() == 1 ? "twice as " + words.getFirst() : "as " + String.join(" and as ", words);
        }
    }

    /**
     * Begins at cluster 0.
     *
     * @param pageClusters at most {@value #MAX_PAGE_CLUSTERS}
     * @param maxClusters how many clusters to keep account of at once
     */
    ClusterUses(int pageClusters, int maxClusters) {
        this.pageClusters = pageClusters;
        this.maxPages = Math.max(1, maxClusters / pageClusters);
    }

    int pageClusters() {
        return pageClusters;
    }

    /** The first cluster of this part. */
    long start() {
        return firstPage * pageClusters;
    }

    /** The first cluster after this part, or {@link Long#MAX_VALUE} when nothing after it is used. */
    long end() {
        return overflown ? (pages.lastKey() + 1) * pageClusters : Long.MAX_VALUE;
    }

    /** Goes on to the part after this one, and forgets all. */
    void advance() {
        firstPage = pages.lastKey() + 1;
        pages.clear();
        overflown = false;
        lastNumber = -1;
    }

    /** The pages with clusters that are used, by number, in order: page n begins with cluster n times their size. */
    NavigableMap<Long, Page> pages() {
        return pages;
    }

    /** Notes one more use of a cluster, if it lies in this part as far as is known yet. */
    void add(long cluster, ClusterUse use) {
        long number = cluster / pageClusters;
        Page page = number == lastNumber ? last : page(number);
        if (page == null) {
            return;
        }
        int index = (int) (cluster - number * pageClusters);
        if (page.counts[index] < Integer.MAX_VALUE) {
            page.counts[index]++;
        }
        int conflict = use.goesWith(page.uses[index] & ~CONFLICT) ? 0 : CONFLICT;
        page.uses[index] |= (byte) (use.bit() | conflict);
    }

    /** A page that had to go is not among the first ones, and never comes back: those that stay have seen every use. */
    private @Nullable Page page(long number) {
        lastNumber = number;
        last = number < firstPage ? null : pages.get(number);
        if (last == null && number >= firstPage && isAmongTheFirst(number)) {
            last = new Page(pageClusters);
            pages.put(number, last);
        }
        return last;
    }

    private boolean isAmongTheFirst(long number) {
        if (pages.size() < maxPages) {
            return true;
        }
        overflown = true;
        if (number > pages.lastKey()) {
            return false;
        }
        pages.pollLastEntry();
        return true;
    }
}
