package io.cowshed.cow;

import io.cowshed.attachment.Detaching;
import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageChanged;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.Reworking;
import io.cowshed.catalog.Settlement;
import io.cowshed.database.Transactions;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.operation.Claim;
import io.cowshed.operation.Claims;
import io.cowshed.operation.NewOperation;
import io.cowshed.operation.Operation;
import io.cowshed.operation.OperationHandler;
import io.cowshed.operation.OperationRun;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * Freezes and thaws the contents of images. The file's mode changes before the row on sealing and after it on thawing, so
 * that the catalogue never calls an image sealed whose file can be written to.
 */
@Component
public class Sealing implements OperationHandler {

    private static final Logger LOG = LoggerFactory.getLogger(Sealing.class);

    /** What is read and hashed in about half a second, in bytes. */
    private static final long QUICK_DATA = 256 << 20;

    /** Of how long a disk the zeros are hashed in about a second, in bytes. */
    private static final long QUICK_DISK = 4L << 40;

    private final Catalog catalog;
    private final Images images;
    private final ImageFiles files;
    private final Settlement settlement;
    private final Volume volume;
    private final Transactions transactions;
    private final Reworking reworking;
    private final Operations operations;
    private final Claims claims;
    private final ImageUse use;
    private final Detaching detaching;

    Sealing(
            Catalog catalog,
            Images images,
            ImageFiles files,
            Settlement settlement,
            Volume volume,
            Transactions transactions,
            Reworking reworking,
            Operations operations,
            Claims claims,
            ImageUse use,
            Detaching detaching) {
        this.catalog = catalog;
        this.images = images;
        this.files = files;
        this.settlement = settlement;
        this.volume = volume;
        this.transactions = transactions;
        this.reworking = reworking;
        this.operations = operations;
        this.claims = claims;
        this.use = use;
        this.detaching = detaching;
    }

    /**
     * Seals an image, if that takes less than about a second; does nothing to one that is sealed.
     *
     * @param expectedVersions one of which the caller has read, or null to seal whatever there is
     * @param answer made in the transaction that seals it
     * @return empty if it takes longer: then {@link #submit} is the way
     * @throws CowshedException where a rule forbids it, or the image is in use
     */
    public <T> Optional<T> sealAtOnce(ImageRef ref, @Nullable Set<Long> expectedVersions, Function<Image, T> answer) {
        Image image = images.find(ref);
        ImageChanged.requireVersion(image, expectedVersions);
        image.requireAvailable("sealed");
        if (image.isSealed()) {
            return Optional.of(transactions.write(() -> answer.apply(images.find(ref))));
        }
        UUID id = image.id();
        claims.requireNoneForNow(id);
        detaching.requireNone(image, "sealed");
        try (HeldImage held = files.use(id, volume::hold)) {
            Optional<KnownDigest> known = known(id, held);
            if (known.isEmpty() && !isQuicklyRead(id, held)) {
                return Optional.empty();
            }
            KnownDigest digest = known.orElseGet(() -> read(held, _ -> {}));
            held.seal();
            try {
                return Optional.of(transactions.write(() -> {
                    reworking.lock(ImageRef.of(id), expectedVersions);
                    return answer.apply(
                            catalog.seal(ImageRef.of(id), digest, held.status().allocatedSize()));
                }));
            } catch (RuntimeException failure) {
                settle(id, held, failure);
                throw failure;
            }
        }
    }

    /**
     * Asks for an image to be sealed, in the caller's transaction.
     *
     * @throws CowshedException where a rule forbids it
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public Operation submit(ImageRef ref, @Nullable Set<Long> expectedVersions, String createdBy) {
        Image image = reworking.lock(ref, expectedVersions);
        image.requireAvailable("sealed");
        use.requireNone(image, "sealed");
        return operations.submit(new NewOperation(
                kind(), image.id(), image.name(), new Request(), List.of(Claim.changes(image.id())), createdBy));
    }

    @Override
    public String kind() {
        return "seal";
    }

    @Override
    public void run(OperationRun run) {
        UUID id = run.subject();
        KnownDigest digest;
        long allocatedSize;
        try (HeldImage held = files.use(id, volume::hold)) {
            run.expect(images.find(ImageRef.of(id)).virtualSize());
            digest = known(id, held).orElseGet(() -> read(held, run::advance));
            run.turn();
            held.seal();
            allocatedSize = held.status().allocatedSize();
        }
        run.finish(() -> {
            Image sealed = reworking.seal(id, digest, allocatedSize);
            return new Result(id, String.valueOf(sealed.digest()));
        });
    }

    /** Nothing but the verb. */
    private record Request() {}

    /** What came of it. */
    private record Result(UUID image, String digest) {}

    /** Whether there is little to read. */
    private boolean isQuicklyRead(UUID id, HeldImage held) {
        try (DiskImage disk = files.open(held)) {
            if (disk.virtualSize() > QUICK_DISK) {
                return false;
            }
            long data = 0;
            Extents extents = Extents.of(disk);
            for (Extent extent = extents.next(); extent != null && data <= QUICK_DATA; extent = extents.next()) {
                data += extent.zero() ? 0 : extent.length();
            }
            return data <= QUICK_DATA;
        } catch (IOException e) {
            throw FileFailures.of(id, e);
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
     * @param expectedVersions one of which the caller has read, or null to thaw whatever there is
     * @param answer made in the transaction that unseals it
     * @throws CowshedException where a rule forbids it, or the image is in use
     */
    public <T> T unseal(ImageRef ref, @Nullable Set<Long> expectedVersions, Function<Image, T> answer) {
        Image image = catalog.checkUnsealing(ref);
        UUID id = image.id();
        claims.requireNoneForNow(id);
        detaching.requireNone(image, "unsealed");
        try (HeldImage held = files.use(id, volume::hold)) {
            T answered = transactions.write(() -> {
                reworking.lock(ImageRef.of(id), expectedVersions);
                return answer.apply(catalog.unseal(ImageRef.of(id)));
            });
            held.unseal();
            return answered;
        }
    }

    /** Read under the lock: what was known about the file before may be out of date. */
    private Optional<KnownDigest> known(UUID id, HeldImage held) {
        FileStamp stamp = FileStamp.of(held.status());
        return images.find(ImageRef.of(id)).digestKnownFor(stamp).map(known -> new KnownDigest(known, stamp));
    }

    private KnownDigest read(HeldImage held, LongConsumer progress) {
        String digest = compute(held, progress);
        held.backdate();
        return new KnownDigest(digest, FileStamp.of(held.status()));
    }

    private String compute(HeldImage held, LongConsumer progress) {
        try (DiskImage disk = files.open(held)) {
            return ContentDigest.of(disk, progress);
        } catch (IOException e) {
            throw new CowshedException(
                    ProblemType.INVALID_IMAGE,
                    "The content of the image cannot be read, so it has no digest: " + e.getMessage() + ".",
                    "Check the file with qemu-img check.",
                    e);
        } catch (InterruptedException e) {
            throw FileFailures.stopping(e);
        }
    }
}
