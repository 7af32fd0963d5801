package io.cowshed.retention;

import io.cowshed.catalog.ExpiryHold;
import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageListing;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Lease;
import io.cowshed.catalog.Leases;
import io.cowshed.catalog.OnExpire;
import io.cowshed.catalog.Trash;
import io.cowshed.catalog.web.NewImageFields;
import io.cowshed.catalog.web.NewImages;
import io.cowshed.cow.Copies;
import io.cowshed.cow.Removals;
import io.cowshed.cow.Submission;
import io.cowshed.database.Transactions;
import io.cowshed.operation.Operation;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.Volume;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * The last steps of a disposable image: its end is announced; it is copied, where that was asked for; it goes, or is flagged.
 * Nothing is taken from anybody: what is in use, attached, protected, needed or has children stays, says why, and is tried again
 * later. Each step is recorded by the version of the image that it was decided for, so whoever renews or keeps the image at the
 * same time wins. In no transaction.
 */
@Component
class LastSteps {

    private static final Logger LOG = LoggerFactory.getLogger(LastSteps.class);

    private final Images images;
    private final ImageListing listing;
    private final Leases leases;
    private final Trash trash;
    private final Removals removals;
    private final Submission submission;
    private final Copies copies;
    private final NewImages newImages;
    private final Operations operations;
    private final Volume volume;
    private final Transactions transactions;
    private final Clock clock;

    LastSteps(
            Images images,
            ImageListing listing,
            Leases leases,
            Trash trash,
            Removals removals,
            Submission submission,
            Copies copies,
            NewImages newImages,
            Operations operations,
            Volume volume,
            Transactions transactions,
            Clock clock) {
        this.images = images;
        this.listing = listing;
        this.leases = leases;
        this.trash = trash;
        this.removals = removals;
        this.submission = submission;
        this.copies = copies;
        this.newImages = newImages;
        this.operations = operations;
        this.volume = volume;
        this.transactions = transactions;
        this.clock = clock;
    }

    /**
     * Takes those that are due. Does nothing for an image that is gone, or was renewed or changed meanwhile.
     *
     * @throws DatabaseUnavailable when the database does not answer
     */
    void take(UUID id) {
        try {
            Image image = images.find(ImageRef.of(id));
            Lease lease = image.lease();
            if (lease == null || lease.dueAt() == null) {
                return;
            }
            if (lease.warnedAt() == null) {
                image = leases.advance(id, image.version(), announced -> announced.warned(clock.instant()));
                lease = image.requireDisposable();
            }
            if (lease.isOver(clock.instant())) {
                end(image, lease);
            }
        } catch (CowshedException e) {
            if (e.type() != ProblemType.NOT_FOUND && e.type() != ProblemType.PRECONDITION_FAILED) {
                throw e;
            }
            LOG.debug("Image {} was changed while it was looked at", id, e);
        }
    }

    private void end(Image image, Lease lease) {
        if (lease.onExpire() == OnExpire.KEEP_AND_FLAG) {
            leases.advance(image.id(), image.version(), Lease::flagged);
            LOG.info("Image {} has expired, and is kept as was asked", image.id());
            return;
        }
        try {
            if (volume.status(image.id()).isPresent() && volume.isInUse(image.id())) {
                // To try for the locks would be in the way of a QEMU that is about to start.
                hold(image, ExpiryHold.IN_USE, "A process has its file open.");
            } else if (lease.copy() == null || isCopied(image, lease, lease.copy())) {
                remove(image, lease.onExpire());
            }
        } catch (DatabaseUnavailable e) {
            throw e;
        } catch (CowshedException e) {
            switch (e.type()) {
                case NOT_FOUND, PRECONDITION_FAILED -> throw e;
                case IMAGE_ATTACHED -> hold(image, ExpiryHold.ATTACHED, e.detail());
                case IMAGE_IN_USE -> hold(image, ExpiryHold.IN_USE, e.detail());
                case IMAGE_BUSY, IMAGE_NOT_AVAILABLE -> hold(image, ExpiryHold.BUSY, e.detail());
                case IMAGE_PROTECTED -> hold(image, ExpiryHold.PROTECTED, e.detail());
                case IMAGE_PUBLISHED -> hold(image, ExpiryHold.PUBLISHED, e.detail());
                case IMAGE_HAS_CHILDREN -> leave(image, e.detail());
                default -> {
                    volume.requireMounted();
                    LOG.warn("Image {} has expired, and cannot be removed: {}", image.id(), e.detail(), e);
                    hold(image, ExpiryHold.FAILED, e.detail());
                }
            }
        }
    }

    private void remove(Image image, OnExpire onExpire) {
        ImageRef ref = ImageRef.of(image.id());
        Set<Long> version = Set.of(image.version());
        if (onExpire == OnExpire.TRASH) {
            removals.trash(ref, version);
        } else {
            removals.purge(ref, version);
        }
        LOG.info("Image {} has expired ({})", image.id(), onExpire.word());
    }

    /** It goes with the last of its children, and gets no more of them. */
    private void leave(Image image, String detail) {
        transactions.write(() -> {
            Image held = leases.advance(
                    image.id(), image.version(), lease -> lease.held(ExpiryHold.CHILDREN, detail, clock.instant()));
            return held.isRemovedWhenChildless() || held.state() != ImageState.AVAILABLE
                    ? held
                    : trash.putWhenChildless(ImageRef.of(image.id()), null);
        });
    }

    private void hold(Image image, ExpiryHold by, String detail) {
        leases.advance(image.id(), image.version(), lease -> lease.held(by, detail, clock.instant()));
    }

    /** Whether there is a copy of the image as it is. */
    private boolean isCopied(Image image, Lease lease, String name) {
        UUID id = lease.copyOperation();
        if (id == null) {
            copy(image, name);
            return false;
        }
        Optional<Operation> made = operations.search(id);
        if (made.isPresent() && !made.get().state().isOver()) {
            leases.advance(image.id(), image.version(), waiting -> waiting.waiting(clock.instant()));
            return false;
        }
        String failure = made.map(LastSteps::failure).orElse("The operation that was to copy it is gone");
        if (failure.isEmpty()
                && !Lease.stamp(FileStamp.of(volume.requireFile(image.id()))).equals(lease.copyStamp())) {
            failure = "It was written to after it had been copied to \"" + name + "\"";
        }
        if (failure.isEmpty()) {
            return true;
        }
        String detail = failure + ". Rename or remove what has that name now, and it is copied again.";
        leases.advance(
                image.id(),
                image.version(),
                failed -> failed.uncopied().held(ExpiryHold.COPY_FAILED, detail, clock.instant()));
        return false;
    }

    private static String failure(Operation operation) {
        return switch (operation.state()) {
            case SUCCEEDED -> "";
            case QUEUED, RUNNING, FAILED, CANCELLED ->
                "Operation " + operation.id() + ", which was to copy it, is "
                        + operation.state().word();
        };
    }

    private void copy(Image image, String name) {
        ImageRef ref = ImageRef.of(image.id());
        try {
            // What was copied while something keeps the image is not what it holds when that is over.
            removals.requireUnkept(ref, Set.of(image.version()));
            submission.requireUnwritten(ref);
            String stamp = Lease.stamp(FileStamp.of(volume.requireFile(image.id())));
            NewImageFields fields = NewImageFields.persistent(
                    "Copy of \"" + image.name() + "\", made before that was removed.",
                    listing.entry(ref).image().labels().values());
            transactions.write(() -> {
                Operation operation = copies.submit(
                        ref,
                        newImages.named(new ImageName(name), fields),
                        Copies.Scope.FLAT,
                        null,
                        Set.of(image.version()),
                        image.createdBy());
                return leases.advance(
                        image.id(), image.version(), lease -> lease.copying(operation.id(), stamp, clock.instant()));
            });
        } catch (CowshedException e) {
            if (e.type() != ProblemType.NAME_TAKEN) {
                throw e;
            }
            hold(image, ExpiryHold.COPY_FAILED, e.detail());
        }
    }
}
