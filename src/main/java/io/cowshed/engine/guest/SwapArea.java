package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Linux swap space: nothing in it outlives a guest's run, but for the header in its first page (kernel, {@code union
 * swap_header} of {@code include/linux/swap.h}).
 */
final class SwapArea implements FileSystem {

    private static final String MAGIC = "SWAPSPACE2";
    private static final int SMALLEST_PAGE = 4096;
    private static final int LARGEST_PAGE = 65_536;
    private static final int VERSION_OFFSET = 1024;
    private static final int LAST_PAGE_OFFSET = 1028;

    private final long start;
    private final long length;

    private SwapArea(long start, long length) {
        this.start = start;
        this.length = length;
    }

    /** Whether there is such a header, for pages of whatever size. */
    static boolean isOn(Area area) throws IOException, LeftAloneException {
        return pageSize(area) != 0;
    }

    private static int pageSize(Area area) throws IOException, LeftAloneException {
        for (int page = SMALLEST_PAGE; page <= LARGEST_PAGE; page *= 2) {
            if (new Signature("swap", page - MAGIC.length(), MAGIC).isOn(area)) {
                return page;
            }
        }
        return 0;
    }

    static SwapArea open(Area area) throws IOException, LeftAloneException {
        int page = pageSize(area);
        ByteBuffer header = area.read("its header", 0, page, ByteOrder.LITTLE_ENDIAN);
        LeftAloneException.unless(header.getInt(VERSION_OFFSET) == 1, "its version is not 1");
        long end = (Integer.toUnsignedLong(header.getInt(LAST_PAGE_OFFSET)) + 1) * page;
        LeftAloneException.unless(
                end > page && end <= area.length(), "it says that it is longer than the place it is in");
        return new SwapArea(page, end - page);
    }

    @Override
    public String kind() {
        return "swap";
    }

    @Override
    public long check() {
        return length;
    }

    @Override
    public FreeRanges freeFrom(long offset) {
        return FreeRanges.of(start, length);
    }
}
