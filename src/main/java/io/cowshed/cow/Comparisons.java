package io.cowshed.cow;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.engine.block.Comparison;
import io.cowshed.engine.block.Comparison.Difference;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.problem.CowshedException;
import io.swagger.v3.oas.annotations.media.Schema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Compares what the guests of two images read. */
@Component
public class Comparisons {

    private static final int AT_ONCE = 2;

    /** What a call that only tells sizes may take the time for, in bytes of each disk: some ten seconds. */
    private static final long MOST_LOOKED_AT = 8L << 30;

    private final Images images;
    private final ImageFiles files;

    /** Each reads two disks, with threads and buffers of its own: more of them wait. */
    private final Semaphore turns = new Semaphore(AT_ONCE, true);

    Comparisons(Images images, ImageFiles files) {
        this.images = images;
        this.files = files;
    }

    /**
     * How two disks differ. All in bytes.
     *
     * @param equal whether they have the same length and the same content
     * @param firstDifference the offset of the first byte that differs; null where none does
     * @param differences runs of sectors that differ, in order; of a longer disk, what it has more
     * @param complete whether these are all
     */
    @Schema(name = "Comparison", description = "How two disks differ. All in bytes.")
    public record Result(
            boolean equal,

            @Schema(
                    types = {"integer", "null"},
                    format = "int64",
                    description = "The offset of the first byte that differs; null where none does.")
            @Nullable
            Long firstDifference,

            List<Difference> differences,
            boolean complete) {}

    /**
     * Compares two images.
     *
     * @param limit how many differences to list at most, at least 1: the comparison ends with the last of them
     * @throws CowshedException if there are no two such images, one is not available, or a running QEMU writes to it
     */
    public Result compare(ImageRef one, ImageRef other, int limit) {
        Image first = find(one);
        Image second = find(other);
        if (first.digest() != null && first.digest().equals(second.digest())) {
            return new Result(true, null, List.of(), true);
        }
        try {
            turns.acquire();
            try (DiskImage left = files.openUnclaimed(first.id());
                    DiskImage right = files.openUnclaimed(second.id())) {
                return compare(left, right, limit);
            } catch (IOException e) {
                throw FileFailures.of(first.id(), e);
            } finally {
                turns.release();
            }
        } catch (InterruptedException e) {
            throw FileFailures.stopping(e);
        }
    }

    private static Result compare(DiskImage left, DiskImage right, int limit) throws IOException, InterruptedException {
        List<Difference> differences = new ArrayList<>();
        try (Comparison comparison = Comparison.of(left, right, Comparison.Lengths.MUST_MATCH)) {
            for (Difference difference = comparison.next(); difference != null; difference = comparison.next()) {
                if (differences.size() == limit) {
                    return new Result(false, firstByte(left, right), differences, false);
                }
                differences.add(difference);
            }
        }
        return differences.isEmpty()
                ? new Result(true, null, differences, true)
                : new Result(false, firstByte(left, right), differences, true);
    }

    private static @Nullable Long firstByte(DiskImage left, DiskImage right) throws IOException, InterruptedException {
        OptionalLong first = Comparison.firstDifference(left, right, Comparison.Lengths.MUST_MATCH);
        return first.isPresent() ? first.getAsLong() : null;
    }

    /**
     * How much of what two sealed images show differs, in bytes; a shorter disk goes on in zeros.
     *
     * @return null where more than {@value #MOST_LOOKED_AT} bytes of each would have to be looked at
     */
    @Nullable
    Long differingSize(Image first, Image second) {
        if (first.digest() != null && first.digest().equals(second.digest())) {
            return 0L;
        }
        try {
            turns.acquire();
            try (DiskImage left = files.openUnclaimed(first.id());
                    DiskImage right = files.openUnclaimed(second.id())) {
                return Comparison.work(left, right, Comparison.Lengths.ZEROS_MAY_FOLLOW) > MOST_LOOKED_AT
                        ? null
                        : Long.valueOf(differingSize(left, right));
            } catch (IOException e) {
                throw FileFailures.of(first.id(), e);
            } finally {
                turns.release();
            }
        } catch (InterruptedException e) {
            throw FileFailures.stopping(e);
        }
    }

    private static long differingSize(DiskImage left, DiskImage right) throws IOException, InterruptedException {
        long bytes = 0;
        try (Comparison comparison = Comparison.of(left, right, Comparison.Lengths.ZEROS_MAY_FOLLOW)) {
            for (Difference difference = comparison.next(); difference != null; difference = comparison.next()) {
                bytes += difference.length();
            }
        }
        return bytes;
    }

    private Image find(ImageRef ref) {
        Image image = images.find(ref);
        image.requireAvailable("compared");
        return image;
    }
}
