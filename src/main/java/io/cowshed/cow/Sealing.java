package io.cowshed.cow;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.Lineages;
import io.cowshed.catalog.Settlement;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionOperations;

/**
 * Freezes and thaws the contents of images. The file's mode changes before the row on sealing and after it on thawing, so
 * that the catalogue never calls an image sealed whose file can be written to.
 */
@Component
public class Sealing {

    private static final Logger LOG = LoggerFactory.getLogger(Sealing.class);

    private final Catalog catalog;
    private final Images images;
    private final ImageFiles files;
    private final Lineages lineages;
    private final Settlement settlement;
    private final Volume volume;
    private final TransactionOperations transaction;

    Sealing(
            Catalog catalog,
            Images images,
            ImageFiles files,
            Lineages lineages,
            Settlement settlement,
            Volume volume,
            TransactionOperations transaction) {
        this.catalog = catalog;
        this.images = images;
        this.files = files;
        this.lineages = lineages;
        this.settlement = settlement;
        this.volume = volume;
        this.transaction = transaction;
    }

    /**
     * Seals an image; does nothing to one that is sealed.
     *
     * @param answer made in the transaction that seals it
     * @throws CowshedException where a rule forbids it, or the image is in use
     */
    public <T> T seal(ImageRef ref, Function<Image, T> answer) {
        Image image = images.find(ref);
        if (image.isSealed()) {
            return transaction.execute(_ -> answer.apply(images.find(ref)));
        }
        image.requireAvailable("sealed");
        UUID id = image.id();
        try (HeldImage held = files.use(id, volume::hold)) {
            KnownDigest digest = digest(id, held);
            held.seal();
            try {
                return transaction.execute(_ -> answer.apply(
                        catalog.seal(ImageRef.of(id), digest, held.status().allocatedSize())));
            } catch (RuntimeException failure) {
                settle(id, held, failure);
                throw failure;
            }
        }
    }

    /** A commit that failed may still have been done. */
    private void settle(UUID id, HeldImage held, RuntimeException failure) {
        try {
            if (!settlement.isSealed(id)) {
                held.unseal();
            }
        } catch (RuntimeException e) {
            LOG.warn("Whether image {} is sealed cannot be told now; its file stays read-only", id, e);
            failure.addSuppressed(e);
        }
    }

    /**
     * Unseals an image; does nothing to one that is not sealed, except to its file's mode, which an interrupted call may have
     * left behind.
     *
     * @param answer made in the transaction that unseals it
     * @throws CowshedException where a rule forbids it, or the image is in use
     */
    public <T> T unseal(ImageRef ref, Function<Image, T> answer) {
        UUID id = catalog.checkUnsealing(ref).id();
        try (HeldImage held = files.use(id, volume::hold)) {
            T answered = transaction.execute(_ -> answer.apply(catalog.unseal(ImageRef.of(id))));
            held.unseal();
            return answered;
        }
    }

    /** Read under the lock: what was known about the file before may be out of date. */
    private KnownDigest digest(UUID id, HeldImage held) {
        FileStamp stamp = FileStamp.of(held.status());
        Optional<String> known = images.find(ImageRef.of(id)).digestKnownFor(stamp);
        if (known.isPresent()) {
            return new KnownDigest(known.get(), stamp);
        }
        String digest = compute(id, held);
        held.backdate();
        return new KnownDigest(digest, FileStamp.of(held.status()));
    }

    private String compute(UUID id, HeldImage held) {
        try (DiskImage disk = volume.open(held, Set.copyOf(lineages.chain(id)))) {
            return ContentDigest.of(disk);
        } catch (IOException e) {
            throw new CowshedException(
                    ProblemType.INVALID_IMAGE,
                    "The content of the image cannot be read, so it has no digest: " + e.getMessage() + ".",
                    "Check the file with qemu-img check.",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CowshedException(
                    ProblemType.INTERNAL, "The service is stopping.", "Try again when it is back.", e);
        }
    }
}
