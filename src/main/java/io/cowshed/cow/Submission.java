package io.cowshed.cow;

import io.cowshed.attachment.Detaching;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.database.Transactions;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.operation.Claims;
import io.cowshed.volume.ImageInUse;
import io.cowshed.volume.Volume;
import java.io.IOException;
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
            try {
                files.use(image.id(), volume::hold).close();
            } catch (ImageInUse e) {
                throw busyRather(image, e);
            }
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
        try (BlockFile _ = files.use(image.id(), volume.disks()::openFile)) {
            return;
        } catch (ImageInUse e) {
            throw busyRather(image, e);
        } catch (IOException e) {
            throw FileFailures.of(image.id(), e);
        }
    }

    private ImageInUse busyRather(Image image, ImageInUse found) {
        return transactions.write(() -> {
            images.lock(ImageRef.of(image.id()));
            claims.requireNone(image.id());
            return found;
        });
    }
}
