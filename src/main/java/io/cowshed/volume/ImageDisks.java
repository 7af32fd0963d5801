package io.cowshed.volume;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.ImageChain;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Set;
import java.util.UUID;

/** What is in the images: their files opened, alone or with all that lies below them. */
public final class ImageDisks {

    private final Mount mount;
    private final VolumeLayout layout;

    ImageDisks(Mount mount) {
        this.mount = mount;
        this.layout = mount.layout();
    }

    /**
     * Opens an image's file to read it. While it is open nobody writes to it; other readers are welcome.
     *
     * @throws ImageInUse when a QEMU has it open for writing
     */
    public BlockFile openFile(UUID image) {
        Path path = layout.image(image);
        try {
            while (true) {
                PosixFile file = PosixFile.openForReading(path);
                try {
                    FileLock.againstWriters(file);
                    // Another may have taken its place before it was locked.
                    if (file.isAt(path)) {
                        return file;
                    }
                } catch (Throwable e) {
                    file.close();
                    throw e;
                }
                file.close();
            }
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /**
     * Opens an image with all that lies below it.
     *
     * @param ancestors the images that its chain may lead to
     * @throws io.cowshed.engine.block.ImageException when the chain is damaged, or leads elsewhere
     */
    public DiskImage open(UUID image, Collection<UUID> ancestors) throws IOException {
        BlockFile file = openFile(image);
        try {
            return ImageChain.open(file, ImageFormat.QCOW2, backings(ancestors));
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /**
     * Opens a held image with all that lies below it. Closing it leaves it held.
     *
     * @param ancestors as for {@link #open(UUID, Collection)}
     * @throws io.cowshed.engine.block.ImageException as there
     */
    public DiskImage open(HeldImage held, Collection<UUID> ancestors) throws IOException {
        return ImageChain.open(held.file(), ImageFormat.QCOW2, backings(ancestors));
    }

    /**
     * As {@link #open(UUID, Collection)}, but keeps nobody away, and takes it that nobody writes: for sealed images, to look at
     * them while others work. Whoever reads one makes sure afterwards that it is still what it was.
     */
    public DiskImage peek(UUID image, Collection<UUID> ancestors) throws IOException {
        return ImageChain.open(
                opened(image), ImageFormat.QCOW2, new SiblingBackings(this::opened, Set.copyOf(ancestors)));
    }

    private BlockFile opened(UUID image) {
        try {
            return PosixFile.openForReading(layout.image(image));
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /** Finds the backing files of an image among {@code allowed}, and refuses all else. */
    public BackingResolver backings(Collection<UUID> allowed) {
        return new SiblingBackings(this::openFile, Set.copyOf(allowed));
    }

    /**
     * Opens an image that is held for writing, to change it in place. Closing it leaves it held.
     *
     * @param ancestors the images that its chain may lead to, now or once its backing file is changed
     * @throws io.cowshed.engine.block.ImageException when the chain is damaged, or leads elsewhere
     */
    public WritableQcow2Image openForWriting(HeldImage held, Collection<UUID> ancestors) throws IOException {
        return WritableQcow2Image.open(held.file(), backings(ancestors));
    }
}
