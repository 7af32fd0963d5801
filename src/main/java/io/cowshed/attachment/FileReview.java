package io.cowshed.attachment;

import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.catalog.Layout;
import io.cowshed.catalog.Reworking;
import io.cowshed.database.Transactions;
import io.cowshed.operation.Claims;
import io.cowshed.problem.CowshedException;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.ImageFileMissing;
import io.cowshed.volume.ImageFileStatus;
import io.cowshed.volume.Volume;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads an image's file again after a holder who could write to it, and has the catalogue take over what it has become. That a
 * guest has written is nothing to speak of; another length or another backing file is drift.
 */
@Component
class FileReview {

    private static final Logger LOG = LoggerFactory.getLogger(FileReview.class);
    private static final int MAX_FAULT = 1000;

    private final Images images;
    private final Reworking reworking;
    private final Claims claims;
    private final Attachments attachments;
    private final LeftFiles files;
    private final Volume volume;
    private final Transactions transactions;
    private final JsonMapper json;

    FileReview(
            Images images,
            Reworking reworking,
            Claims claims,
            Attachments attachments,
            LeftFiles files,
            Volume volume,
            Transactions transactions,
            JsonMapper json) {
        this.images = images;
        this.reworking = reworking;
        this.claims = claims;
        this.attachments = attachments;
        this.files = files;
        this.volume = volume;
        this.transactions = transactions;
        this.json = json;
    }

    /**
     * Reviews the file of an attachment that has ended. To do so again does no harm.
     *
     * @throws io.cowshed.volume.ImageInUse while somebody has it open
     * @throws CowshedException if that cannot be done now
     */
    void after(Attachment ended) {
        if (ended.access() == Access.RO) {
            return;
        }
        UUID id = ended.image();
        try (HeldImage held = files.hold(ended)) {
            LeftFile left = files.read(ended, held);
            ImageFileStatus status = held.status();
            transactions.write(() -> takeOver(ended, left, status));
        } catch (ImageFileMissing e) {
            volume.requireMounted();
            LOG.warn("Image {} has lost its file while \"{}\" had it", id, ended.holder(), e);
        }
    }

    private Image takeOver(Attachment ended, LeftFile left, ImageFileStatus status) {
        Image image = images.lock(ImageRef.of(ended.image()));
        if (image.state() != ImageState.AVAILABLE) {
            return image;
        }
        Drift drift = drift(image, left);
        if (drift != null) {
            LOG.warn("The file of image {} has drifted while \"{}\" had it: {}", image.id(), ended.holder(), drift);
            attachments.drifted(ended.id(), json.writeValueAsString(drift));
        }
        if (left.fault() != null) {
            return reworking.fail(image.id(), cut(left.fault()));
        }
        Layout layout = new Layout(left.virtualSize(), status.allocatedSize(), left.clusterSize());
        if (drift == null && status.allocatedSize() == image.allocatedSize()) {
            return image;
        }
        FileStamp stamp = FileStamp.of(status);
        KnownDigest known = image.digestKnownFor(stamp)
                .map(digest -> new KnownDigest(digest, stamp))
                .orElse(null);
        Image adopted = reworking.adoptFile(image.id(), left.parent(), layout, known);
        if (drift != null && left.parent() != null) {
            claims.requireStaying(left.parent());
        }
        return adopted;
    }

    private static @Nullable Drift drift(Image image, LeftFile left) {
        boolean same = left.fault() == null
                && left.virtualSize() == image.virtualSize()
                && Objects.equals(left.parent(), image.parentId());
        return same
                ? null
                : new Drift(
                        image.virtualSize(),
                        left.fault() == null ? left.virtualSize() : image.virtualSize(),
                        image.parentId(),
                        left.fault() == null ? left.parent() : image.parentId(),
                        left.backingFile(),
                        left.fault());
    }

    private static String cut(String fault) {
        return fault.length() <= MAX_FAULT ? fault : fault.substring(0, MAX_FAULT - 1) + "…";
    }
}
