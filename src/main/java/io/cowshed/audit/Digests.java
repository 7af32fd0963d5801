package io.cowshed.audit;

import io.cowshed.catalog.Inventory;
import io.cowshed.catalog.Lineages;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageException;
import io.cowshed.operation.Claims;
import io.cowshed.volume.ImageFileMissing;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumeUnavailable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Reads sealed images, to see whether they are what was sealed. Nobody is kept from anything meanwhile: what was unsealed,
 * removed or given another file before it was read to its end is read again, and so is what lies on such an image.
 */
@Component
class Digests {

    private static final int READINGS = 3;

    private final Inventory inventory;
    private final Lineages lineages;
    private final Claims claims;
    private final Volume volume;

    Digests(Inventory inventory, Lineages lineages, Claims claims, Volume volume) {
        this.inventory = inventory;
        this.lineages = lineages;
        this.claims = claims;
        this.volume = volume;
    }

    /**
     * What came of a reading.
     *
     * @param finding null where the content is what it should be
     */
    record Verdict(@Nullable Finding finding) {}

    /**
     * Reads a sealed image.
     *
     * @param progress is told of each piece of the disk, in bytes
     * @return empty when it is sealed no more, or something else was going on with it each time
     */
    Optional<Verdict> verify(UUID image, LongConsumer progress) throws InterruptedException {
        for (int reading = 0; reading < READINGS; reading++) {
            Inventory.Entry before = inventory.find(image).orElse(null);
            if (before == null || before.digest() == null) {
                return Optional.empty();
            }
            List<Inventory.Entry> chain = chain(image);
            Optional<ImageFileStatus> status = volume.status(image);
            Finding finding = read(before, progress);
            if (finding == null) {
                return Optional.of(new Verdict(null));
            }
            boolean same = chain(image).equals(chain)
                    && chain.getFirst().equals(before)
                    && volume.status(image).equals(status)
                    && claims.changing(chain.stream().map(Inventory.Entry::id).toList())
                            .isEmpty();
            if (same && status.isPresent()) {
                return Optional.of(new Verdict(finding));
            }
        }
        return Optional.empty();
    }

    /** The image and all that it lies on, by the catalogue. */
    private List<Inventory.Entry> chain(UUID image) {
        return lineages.chain(image).stream()
                .flatMap(id -> inventory.find(id).stream())
                .toList();
    }

    private @Nullable Finding read(Inventory.Entry row, LongConsumer progress) throws InterruptedException {
        try (DiskImage disk = volume.disks().peek(row.id(), lineages.chain(row.id()))) {
            String digest = ContentDigest.of(disk, progress);
            return digest.equals(row.digest())
                    ? null
                    : finding(
                            row,
                            FindingKind.DIGEST,
                            "Its content is " + digest + ", and " + row.digest() + " was sealed.");
        } catch (ImageException e) {
            return finding(row, FindingKind.UNREADABLE, "Its content cannot be read: " + e.getMessage() + ".");
        } catch (IOException | ImageFileMissing | VolumeUnavailable e) {
            // One file that cannot be opened is a finding, and no reason not to look at all others.
            volume.requireMounted();
            return finding(row, FindingKind.UNREADABLE, "A file of its chain cannot be read: " + e.getMessage() + ".");
        }
    }

    private static Finding finding(Inventory.Entry row, FindingKind kind, String detail) {
        return new Finding(kind, row.id(), row.name(), Volume.relativePath(row.id()), detail);
    }
}
