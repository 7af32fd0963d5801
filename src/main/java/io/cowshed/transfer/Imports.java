package io.cowshed.transfer;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.NewImage;
import io.cowshed.catalog.Registration;
import io.cowshed.catalog.SizeLimit;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.qcow2.FreshImage;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.NewImageFile;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Makes images of nothing, and of disks that come in. */
@Component
public class Imports {

    private static final Logger LOG = LoggerFactory.getLogger(Imports.class);

    /** What an image takes at least, with room to spare. */
    private static final long SMALLEST = 1 << 20;

    private final Catalog catalog;
    private final Registration registration;
    private final Volume volume;
    private final SizeLimit sizes;
    private final ImportThreads threads;
    private final TransferMeters meters;

    Imports(
            Catalog catalog,
            Registration registration,
            Volume volume,
            SizeLimit sizes,
            ImportThreads threads,
            TransferMeters meters) {
        this.catalog = catalog;
        this.registration = registration;
        this.volume = volume;
        this.sizes = sizes;
        this.threads = threads;
        this.meters = meters;
    }

    /**
     * Makes a disk of zeros.
     *
     * @param virtualSize in bytes; rounded up to whole sectors of 512
     * @param answer made in the transaction that makes it
     * @throws CowshedException where a rule forbids it, or the volume cannot take it
     */
    public <T> T blank(NewImage wanted, long virtualSize, String createdBy, Function<Image, T> answer) {
        sizes.requireAllowed(virtualSize);
        volume.space().requireRoomFor(SMALLEST);
        try (NewImageFile file = volume.create(wanted.id())) {
            long rounded =
                    FreshImage.blank(file.file(), virtualSize, FreshImage.DEFAULT_CLUSTER_BITS, identity(wanted));
            ImageFileStatus status = file.publish();
            Layout layout = new Layout(rounded, status.allocatedSize(), 1 << FreshImage.DEFAULT_CLUSTER_BITS);
            return registration.commit(List.of(file), () -> answer.apply(catalog.addBase(wanted, layout, createdBy)));
        } catch (IOException e) {
            throw ImportFailures.of(e);
        }
    }

    /**
     * Makes an image of a disk that streams in. Its name is reserved from the beginning, and free again when this fails.
     *
     * @param stream the body as it is sent
     * @param contentEncoding what it is compressed with, as the header names it; null for nothing
     * @param sha256 of the body as it is sent, 64 hexadecimal digits; null where it is not announced
     * @param announcedLength of the body as it is sent, in bytes, or -1 where it is not announced
     * @param answer made in the transaction that makes the image available
     * @throws CowshedException where a rule forbids it, the disk is not sound, or the volume cannot take it
     */
    public <T> T receive(
            NewImage wanted,
            ImageFormat format,
            InputStream stream,
            @Nullable String contentEncoding,
            @Nullable String sha256,
            long announcedLength,
            String createdBy,
            Function<Image, T> answer) {
        return meters.measureImport(
                format,
                () -> receiveCounted(
                        wanted,
                        format,
                        meters.received(stream),
                        contentEncoding,
                        sha256,
                        announcedLength,
                        createdBy,
                        answer));
    }

    private <T> T receiveCounted(
            NewImage wanted,
            ImageFormat format,
            InputStream stream,
            @Nullable String contentEncoding,
            @Nullable String sha256,
            long announcedLength,
            String createdBy,
            Function<Image, T> answer) {
        // A raw disk may be mostly zeros; of a QCOW2 file, or one that is compressed, all bytes take room.
        volume.space().requireRoomFor(format == ImageFormat.QCOW2 ? Math.max(announcedLength, SMALLEST) : SMALLEST);
        Coding coding = Coding.of(contentEncoding);
        try (NewImageFile file = volume.create(wanted.id())) {
            catalog.reserve(wanted, createdBy);
            try {
                DiskReceiver receiver = new DiskReceiver(file.file(), identity(wanted), sizes.longestDisk());
                ReceivedDisk disk = threads.call(coding, stream, sent -> {
                    try (IncomingBody body = new IncomingBody(sent, coding, sizes.longestDisk(), sha256)) {
                        return receiver.receive(format, body);
                    }
                });
                ImageFileStatus status = file.publish();
                Layout layout = new Layout(disk.virtualSize(), status.allocatedSize(), disk.clusterSize());
                KnownDigest digest = new KnownDigest(disk.digest(), FileStamp.of(status));
                return registration.commit(
                        List.of(file), () -> answer.apply(catalog.complete(wanted.id(), layout, digest)));
            } catch (Throwable failure) {
                abandon(wanted.id(), failure);
                throw failure;
            }
        } catch (IOException e) {
            throw ImportFailures.of(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CowshedException(
                    ProblemType.BODY_INCOMPLETE, "The service is stopping.", "Send it again when it is back.", e);
        }
    }

    private void abandon(UUID id, Throwable failure) {
        try {
            catalog.abandon(id);
        } catch (RuntimeException e) {
            LOG.warn("The name reserved for image {} cannot be given back now; the next sweep does", id, e);
            failure.addSuppressed(e);
        }
    }

    private static ImageIdentity identity(NewImage wanted) {
        return new ImageIdentity(wanted.id(), wanted.name().value());
    }
}
