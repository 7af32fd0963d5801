package io.cowshed.volume;

import io.cowshed.engine.posix.FileStatus;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.ObjLongConsumer;

/** What the files of images take on the volume, as it is now. */
public final class ImageSizes {

    private final Mount mount;
    private final VolumeLayout layout;

    ImageSizes(Mount mount) {
        this.mount = mount;
        this.layout = mount.layout();
    }

    /** What the image's file takes on the volume now, in bytes; empty when there is no file, or no volume. */
    public OptionalLong allocated(UUID image) {
        try {
            Optional<FileStatus> status =
                    PosixFile.statusOf(layout.image(image)).filter(FileStatus::isRegular);
            return status.isPresent() ? OptionalLong.of(status.get().allocatedSize()) : OptionalLong.empty();
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /**
     * How many bytes of the image's file lie in storage that other files use too; empty where the file system does not say.
     *
     * @throws ImageFileMissing when there is no file
     */
    public OptionalLong shared(UUID image) {
        try (PosixFile file = PosixFile.openForReading(layout.image(image))) {
            return file.sharedSize();
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /** Tells what the file of each image takes on the volume now, in bytes: one system call for each. */
    public void forEach(ObjLongConsumer<UUID> each) {
        try {
            DirectoryNames.each(layout.images(), name -> {
                Optional<UUID> image = VolumeLayout.imageOf(name.getFileName().toString());
                Optional<FileStatus> status = image.isEmpty() ? Optional.empty() : PosixFile.statusOf(name);
                if (image.isPresent() && status.isPresent()) {
                    each.accept(image.get(), status.get().allocatedSize());
                }
            });
        } catch (IOException e) {
            throw mount.failure("The files of the volume cannot be measured.", e);
        }
    }
}
