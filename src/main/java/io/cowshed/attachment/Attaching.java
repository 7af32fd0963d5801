package io.cowshed.attachment;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.database.Transactions;
import io.cowshed.problem.CowshedException;
import io.cowshed.volume.Volume;
import java.util.UUID;
import java.util.function.Function;
import org.springframework.stereotype.Component;

/** Attaches images, whose files it looks at first: what somebody uses unannounced is not promised to another. */
@Component
public class Attaching {

    private final Images images;
    private final ImageFiles files;
    private final Attachments attachments;
    private final AttachedImages attached;
    private final Detaching detaching;
    private final Volume volume;
    private final Transactions transactions;

    Attaching(
            Images images,
            ImageFiles files,
            Attachments attachments,
            AttachedImages attached,
            Detaching detaching,
            Volume volume,
            Transactions transactions) {
        this.images = images;
        this.files = files;
        this.attachments = attachments;
        this.attached = attached;
        this.detaching = detaching;
        this.volume = volume;
        this.transactions = transactions;
    }

    /**
     * Attaches an image, or renews the attachment that the holder has of it in the same way. In no transaction.
     *
     * @param answer made in the transaction that attaches it
     * @throws io.cowshed.volume.ImageInUse if somebody has the file open in a way that does not go together with that
     * @throws CowshedException as {@link Attachments#attach} does
     */
    public <T> T attach(ImageRef ref, NewAttachment wanted, String createdBy, Function<Attachments.Begun, T> answer) {
        Image image = images.find(ref);
        Access access = Attachments.access(image, wanted);
        detaching.settle(image.id(), wanted.holder());
        if (attachments
                .own(image.id(), wanted.holder())
                .filter(own -> own.access() == access)
                .isEmpty()) {
            requireFree(image, access);
        }
        return transactions.write(() -> answer.apply(attachments.attach(ImageRef.of(image.id()), wanted, createdBy)));
    }

    private void requireFree(Image image, Access access) {
        UUID id = image.id();
        if (access == Access.RW) {
            attached.requireNone(image, "attached to be written to");
            files.requireIdle(id);
        } else if (!image.isSealed()) {
            attached.requireNoWriter(image, "attached");
            files.requireUnwritten(id);
        } else {
            files.use(id, volume::requireFile);
        }
    }
}
