package io.cowshed.cow;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Trash;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.problem.CowshedException;
import io.cowshed.volume.ImageInUse;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumeSpace;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Measures what images take, by the files and by their extents; never by what was true when a row was written. */
@Component
public class Spaces {

    private final Images images;
    private final ImageFiles files;
    private final Trash trash;
    private final Reworks reworks;
    private final Volume volume;

    Spaces(Images images, ImageFiles files, Trash trash, Reworks reworks, Volume volume) {
        this.images = images;
        this.files = files;
        this.trash = trash;
        this.reworks = reworks;
        this.volume = volume;
    }

    /**
     * What an image takes: its work grows with the extents of its chain, not with the fleet.
     *
     * @throws CowshedException if there is no such image, it has no file yet, or it cannot be read
     */
    public ImageSpace of(ImageRef ref) {
        Image image = images.find(ref);
        if (image.state() == ImageState.CREATING) {
            image.requireAvailable("measured");
        }
        UUID id = image.id();
        long allocated = files.use(id, volume::requireFile).allocatedSize();
        Long exclusive = exclusive(id, allocated);
        Long fromAncestors = unlessInUse(id, () -> fromAncestors(id));
        return new ImageSpace(
                id,
                image.name(),
                image.virtualSize(),
                allocated,
                exclusive,
                exclusive,
                fromAncestors,
                costToRedirect(image),
                costToSplit(image),
                fromAncestors == null);
    }

    /** What the image's file has for itself of what it takes, in bytes; null where the file system does not say. */
    @Nullable
    Long exclusive(UUID image, long allocated) {
        OptionalLong shared = files.use(image, volume.sizes()::shared);
        return shared.isPresent() ? Math.max(0, allocated - shared.getAsLong()) : null;
    }

    /** What redirecting the image would copy or compare, in bytes; null for a base, or while a QEMU writes to it. */
    @Nullable
    Long costToRedirect(Image image) {
        UUID parent = image.parentId();
        if (parent == null) {
            return null;
        }
        UUID grandparent = images.find(ImageRef.of(parent)).parentId();
        return unlessInUse(image.id(), () -> reworks.cost(image, Rework.onto(grandparent)));
    }

    /** What splitting the image off would copy, in bytes; null for a base, or while a QEMU writes to it. */
    @Nullable
    Long costToSplit(Image image) {
        return image.parentId() == null ? null : unlessInUse(image.id(), () -> reworks.cost(image, Rework.onto(null)));
    }

    /** What is on the volume. */
    public VolumeUse ofVolume() {
        Set<UUID> trashed = trash.all();
        VolumeSpace space = volume.space();
        long[] counts = new long[2];
        long[] sizes = new long[2];
        volume.sizes().forEach((image, allocated) -> {
            int where = trashed.contains(image) ? 1 : 0;
            counts[where]++;
            sizes[where] += allocated;
        });
        return new VolumeUse(
                space.total(), space.usable(), counts[0] + counts[1], sizes[0] + sizes[1], counts[1], sizes[1]);
    }

    private long fromAncestors(UUID id) throws IOException {
        long bytes = 0;
        try (DiskImage disk = files.openUnclaimed(id)) {
            Extents extents = Extents.of(disk);
            for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
                bytes += extent.depth() > 0 && extent.data() ? extent.length() : 0;
            }
        }
        return bytes;
    }

    @FunctionalInterface
    private interface Look {
        long at() throws IOException, InterruptedException;
    }

    private @Nullable Long unlessInUse(UUID image, Look look) {
        try {
            return files.<Long, RuntimeException>use(image, _ -> looked(image, look));
        } catch (ImageInUse e) {
            return null;
        }
    }

    private static long looked(UUID image, Look look) {
        try {
            return look.at();
        } catch (IOException e) {
            throw FileFailures.of(image, e);
        } catch (InterruptedException e) {
            throw FileFailures.stopping(e);
        }
    }
}
