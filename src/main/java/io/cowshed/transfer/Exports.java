package io.cowshed.transfer;

import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageFiles;
import io.cowshed.catalog.ImageNotFound;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.UUID;
import org.springframework.stereotype.Component;

/** Opens the contents of images to be read. */
@Component
public class Exports {

    private final Images images;
    private final ImageFiles files;
    private final ImageUse use;
    private final Volume volume;

    Exports(Images images, ImageFiles files, ImageUse use, Volume volume) {
        this.images = images;
        this.files = files;
        this.use = use;
        this.volume = volume;
    }

    /**
     * Opens an image as its guest would read it. Nobody can write to it until it is closed.
     *
     * @throws io.cowshed.problem.CowshedException when there is no such image, it is not available, a running QEMU writes to it,
     *     or somebody has it attached to write to it: his QEMU could not start meanwhile
     */
    public OpenDisk open(ImageRef ref) {
        Image image = images.find(ref);
        image.requireAvailable("read");
        UUID id = image.id();
        try {
            DiskImage disk = files.openUnclaimed(id);
            try {
                // Only what is read while nobody can write is sure to belong to the bytes.
                Image read = images.find(ImageRef.of(id));
                if (!read.isSealed()) {
                    use.requireNoWriter(read, "read");
                }
                return new OpenDisk(disk, read, stamp(id));
            } catch (Throwable e) {
                disk.close();
                throw e;
            }
        } catch (IOException e) {
            throw ReadFailures.of(id, e);
        }
    }

    private FileStamp stamp(UUID id) {
        return volume.status(id).map(FileStamp::of).orElseThrow(() -> new ImageNotFound(ImageRef.of(id)));
    }
}
