package io.cowshed.volume;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.FileStatus;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.ImageChain;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * The volume of this installation. Every failure of a file comes as a {@link io.cowshed.problem.CowshedException}:
 * {@link ImageInUse}, {@link ImageFileMissing}, {@link VolumeFull} or {@link VolumeUnavailable}.
 */
public final class Volume {

    private final VolumeLayout layout;
    private final int fileMode;
    private final DirectorySyncs syncs;
    private final UUID installation;

    Volume(VolumeLayout layout, int fileMode, DirectorySyncs syncs, UUID installation) {
        this.layout = layout;
        this.fileMode = fileMode;
        this.syncs = syncs;
        this.installation = installation;
    }

    /**
     * Opens the volume at {@code root}, or makes one of an empty directory, or of none in an existing one.
     *
     * @param fileMode permissions of the files of unsealed images
     * @param anyImage whether the catalogue has images: then a volume that is not there is an error, never a new one
     * @throws UnusableVolume when it cannot be used, or belongs to another installation
     */
    static Volume open(Path root, int fileMode, UUID installation, boolean anyImage) {
        VolumeLayout layout = new VolumeLayout(root);
        DirectorySyncs syncs = DirectorySyncs.coalesced();
        new VolumeCheck(layout, syncs).run(installation, anyImage);
        return new Volume(layout, fileMode, syncs, installation);
    }

    /** Where an image's file is, relative to the root of the volume. */
    public static String relativePath(UUID image) {
        return "images/" + VolumeLayout.imageName(image);
    }

    /** The name by which an overlay in the same directory has this image as its backing file. */
    public static String backingName(UUID image) {
        return VolumeLayout.imageName(image);
    }

    /** Begins an image's file. */
    public NewImageFile create(UUID image) {
        try {
            return NewImageFile.create(layout, syncs, image, fileMode);
        } catch (IOException e) {
            throw VolumeFailures.of(image, e);
        }
    }

    /**
     * Opens an image's file to read it. While it is open nobody writes to it; other readers are welcome.
     *
     * @throws ImageInUse when a QEMU has it open for writing
     */
    public BlockFile openForReading(UUID image) {
        try {
            PosixFile file = PosixFile.openForReading(layout.image(image));
            try {
                FileLock.againstWriters(file);
                return file;
            } catch (Throwable e) {
                file.close();
                throw e;
            }
        } catch (IOException e) {
            throw VolumeFailures.of(image, e);
        }
    }

    /**
     * Opens an image with all that lies below it.
     *
     * @param ancestors the images that its chain may lead to
     * @throws io.cowshed.engine.block.ImageException when the chain is damaged, or leads elsewhere
     */
    public DiskImage open(UUID image, Set<UUID> ancestors) throws IOException {
        BlockFile file = openForReading(image);
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
     * @param ancestors as for {@link #open(UUID, Set)}
     * @throws io.cowshed.engine.block.ImageException as there
     */
    public DiskImage open(HeldImage held, Set<UUID> ancestors) throws IOException {
        return ImageChain.open(held.file(), ImageFormat.QCOW2, backings(ancestors));
    }

    /** Finds the backing files of an image among {@code allowed}, and refuses all else. */
    public BackingResolver backings(Set<UUID> allowed) {
        return new SiblingBackings(this, Set.copyOf(allowed));
    }

    /**
     * Holds an image's file against everyone, to seal, thaw or judge it.
     *
     * @throws ImageInUse when anyone has it open
     */
    public HeldImage hold(UUID image) {
        try {
            return HeldImage.hold(layout, image, fileMode);
        } catch (IOException e) {
            throw VolumeFailures.of(image, e);
        }
    }

    /**
     * Holds an image's file against everyone, to change it in place.
     *
     * @throws ImageInUse when anyone has it open
     * @throws VolumeUnavailable when it is read-only, as a sealed image's is
     */
    public HeldImage holdForWriting(UUID image) {
        try {
            return HeldImage.holdForWriting(layout, image, fileMode);
        } catch (IOException e) {
            throw VolumeFailures.of(image, e);
        }
    }

    /**
     * Opens an image that is held for writing, to change it in place. Closing it leaves it held.
     *
     * @param ancestors the images that its chain may lead to, now or once its backing file is changed
     * @throws io.cowshed.engine.block.ImageException when the chain is damaged, or leads elsewhere
     */
    public WritableQcow2Image openForWriting(HeldImage held, Set<UUID> ancestors) throws IOException {
        return WritableQcow2Image.open(held.file(), backings(ancestors));
    }

    /**
     * Begins to remove an image's file; the caller then deletes the image's row.
     *
     * @throws ImageInUse when anyone has it open
     * @throws ImageFileMissing when it is gone already: only the row is left to delete
     * @throws VolumeUnavailable when the volume itself is not there
     */
    public Removal remove(UUID image) {
        try {
            return Removal.begin(layout, syncs, image, fileMode);
        } catch (NoSuchFileException e) {
            requireMounted();
            throw new ImageFileMissing(image, e);
        } catch (IOException e) {
            throw VolumeFailures.of(image, e);
        }
    }

    /** Every file is missing where the volume is not mounted, or another one is: that says nothing about any. */
    private void requireMounted() {
        try {
            UUID found = VolumeMarker.read(layout)
                    .map(VolumeMarker::installation)
                    .orElseThrow(() -> new NoSuchFileException(layout.marker().toString()));
            if (!found.equals(installation)) {
                throw new IOException(layout.marker() + " names installation " + found);
            }
        } catch (IOException e) {
            throw new VolumeUnavailable("The volume is not mounted: its marker is not there.", e);
        }
    }

    /** The image's file as it is now; empty when there is none. */
    public Optional<ImageFileStatus> status(UUID image) {
        try {
            return PosixFile.statusOf(layout.image(image))
                    .filter(FileStatus::isRegular)
                    .map(ImageFileStatus::of);
        } catch (IOException e) {
            throw VolumeFailures.of(image, e);
        }
    }

    /**
     * The image's file as it is now.
     *
     * @throws ImageFileMissing when there is none
     */
    public ImageFileStatus requireFile(UUID image) {
        return status(image)
                .orElseThrow(() -> new ImageFileMissing(
                        image, new NoSuchFileException(layout.image(image).toString())));
    }

    /** What the image's file takes on the volume now, in bytes; empty when there is no file. */
    public OptionalLong allocatedSize(UUID image) {
        Optional<ImageFileStatus> status = status(image);
        return status.isPresent() ? OptionalLong.of(status.get().allocatedSize()) : OptionalLong.empty();
    }

    /** Whether a file for this image is being made, or was begun and left behind. */
    public boolean isIncoming(UUID image) {
        try (DirectoryStream<Path> names = Files.newDirectoryStream(layout.incoming(), image + ".*")) {
            return names.iterator().hasNext();
        } catch (IOException e) {
            throw VolumeFailures.of(image, e);
        }
    }

    /** The volume's space now. */
    public VolumeSpace space() {
        try {
            FileStore store = Files.getFileStore(layout.root());
            return new VolumeSpace(store.getTotalSpace(), store.getUsableSpace());
        } catch (IOException e) {
            throw new VolumeUnavailable("The volume does not tell its free space.", e);
        }
    }

    /**
     * Makes sure, before anything is written, that there is room for it now. Writing it can find none all the same.
     *
     * @param bytes that are about to be written, at most
     * @throws VolumeFull when there is not
     */
    public void requireRoomFor(long bytes) {
        long usable = space().usable();
        if (bytes > usable) {
            throw new VolumeFull(bytes, usable);
        }
    }

    /**
     * Clears away what crashes left behind: see {@link Sweep}. Safe at any time, beside other replicas.
     *
     * @param settled asked of images whose file nobody works on any more: whether the catalogue has the image, now that
     *     whatever was begun for it has ended
     * @param catalogued asked of any image: whether the catalogue has it at the moment
     */
    public SweepReport sweep(Predicate<UUID> settled, Predicate<UUID> catalogued) {
        return new Sweep(layout, syncs, settled, catalogued).run();
    }
}
