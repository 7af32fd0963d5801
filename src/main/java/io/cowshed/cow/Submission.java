package io.cowshed.cow;

import io.cowshed.attachment.Detaching;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.database.Transactions;
import io.cowshed.engine.posix.FileUse;
import io.cowshed.operation.Claims;
import io.cowshed.volume.ImageInUse;
import io.cowshed.volume.Volume;
import org.springframework.stereotype.Component;

/** What is asked of an image's file before an operation on it is taken on. The operation asks again when it begins. */
@Component
public class Submission {

    private final Images images;
    private final ImageFiles files;
    private final Claims claims;
    private final Transactions transactions;
    private final Volume volume;
    private final Detaching detaching;

    Submission(
            Images images,
            ImageFiles files,
            Claims claims,
            Transactions transactions,
            Volume volume,
            Detaching detaching) {
        this.images = images;
        this.files = files;
        this.claims = claims;
        this.transactions = transactions;
        this.volume = volume;
        this.detaching = detaching;
    }

    /**
     * That nobody has the file of an unsealed image open. Readers of a sealed one keep what they have. In no transaction.
     *
     * @throws ImageInUse if somebody has
     * @throws io.cowshed.operation.ImageBusy if that is another operation
     */
    public void requireIdle(ImageRef ref) {
        Image image = images.find(ref);
        image.requireAvailable("worked on");
        if (!image.isSealed()) {
            detaching.requireNone(image, "worked on");
            require(image, volume::requireIdle);
        }
    }

    /**
     * That nobody has the file of an image open for writing. In no transaction.
     *
     * @throws ImageInUse if somebody has
     * @throws io.cowshed.operation.ImageBusy if that is an operation
     */
    public void requireUnwritten(ImageRef ref) {
        Image image = images.find(ref);
        image.requireAvailable("read");
        detaching.requireNoWriter(image, "read");
        require(image, volume::requireUnwritten);
    }

    /** Takes no lock of the file: an operation that works on the image must not find it in use by who asks for another. */
    private void require(Image image, ImageFiles.Use<FileUse, RuntimeException> use) {
        try {
            files.use(image.id(), use);
        } catch (ImageInUse e) {
            throw transactions.write(() -> {
                images.lock(ImageRef.of(image.id()));
                claims.requireNone(image.id());
                return e;
            });
        }
    }
}
