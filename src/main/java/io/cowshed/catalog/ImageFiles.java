package io.cowshed.catalog;

import io.cowshed.engine.block.BackingFileException;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.posix.FileUse;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import io.cowshed.operation.Claims;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.ImageFileMissing;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Goes to the volume for the files of images that were found just now. In no transaction: a file may keep it waiting. */
@Component
public class ImageFiles {

    private final Images images;
    private final Lineages lineages;
    private final Claims claims;
    private final Volume volume;

    ImageFiles(Images images, Lineages lineages, Claims claims, Volume volume) {
        this.images = images;
        this.lineages = lineages;
        this.claims = claims;
        this.volume = volume;
    }

    /** What is done with the file of an image. */
    @FunctionalInterface
    public interface Use<T, E extends Exception> {

        /** Does it. */
        T of(UUID image) throws E;
    }

    /**
     * Does something that needs the image's file.
     *
     * @throws ImageNotFound when the file is missing because somebody removed the image meanwhile
     * @throws ImageFileMissing when the volume has lost it
     */
    public <T, E extends Exception> T use(UUID image, Use<T, E> use) throws E {
        try {
            return use.of(image);
        } catch (ImageFileMissing e) {
            throw images.exists(image) ? e : new ImageNotFound(ImageRef.of(image));
        }
    }

    /**
     * That nobody has the image's file open. Takes no lock of it.
     *
     * @throws io.cowshed.operation.ImageBusy where it is an operation that has
     * @throws io.cowshed.volume.ImageInUse where it is somebody else: says who, which takes looking for
     */
    public void requireIdle(UUID image) {
        if (use(image, volume::isInUse)) {
            claims.requireNoneForNow(image);
            use(image, volume::requireIdle);
        }
    }

    /**
     * That nobody writes to the image's file. Takes no lock of it.
     *
     * @throws io.cowshed.operation.ImageBusy where it is an operation that does
     * @throws io.cowshed.volume.ImageInUse where it is somebody else
     */
    public void requireUnwritten(UUID image) {
        if (use(image, volume::use) == FileUse.WRITER) {
            claims.requireNoneForNow(image);
            use(image, volume::requireUnwritten);
        }
    }

    /**
     * Opens an image with all that lies below it by what the catalogue says now.
     *
     * @throws ImageNotFound as {@link #use} does
     * @throws ImageFileMissing as there
     * @throws io.cowshed.volume.ImageInUse when a QEMU has it open for writing
     * @throws io.cowshed.engine.block.ImageException when the chain is damaged, or leads elsewhere
     */
    public DiskImage open(UUID image) throws IOException {
        return use(image, found -> volume.disks().open(found, lineages.chain(found)));
    }

    /**
     * As {@link #open(UUID)}, for one who has not claimed the image: while an operation puts another parent below it, or had its
     * replica die just then, file and catalogue may disagree.
     *
     * @throws io.cowshed.operation.ImageBusy then
     */
    public DiskImage openUnclaimed(UUID image) throws IOException {
        try {
            return open(image);
        } catch (BackingFileException e) {
            claims.requireNoneForNow(image);
            // It may have been over by the time that the claims were asked.
            return open(image);
        }
    }

    /**
     * Opens a held image with all that lies below it by what the catalogue says now. Closing it leaves it held.
     *
     * @throws io.cowshed.engine.block.ImageException as for {@link #open(UUID)}
     */
    public DiskImage open(HeldImage held) throws IOException {
        return volume.disks().open(held, lineages.chain(held.image()));
    }

    /**
     * Opens an image that is held for writing, to change it in place. Closing it leaves it held.
     *
     * @throws io.cowshed.engine.block.ImageException as for {@link #open(UUID)}
     */
    public WritableQcow2Image openForWriting(HeldImage held) throws IOException {
        return volume.disks().openForWriting(held, lineages.chain(held.image()));
    }
}
