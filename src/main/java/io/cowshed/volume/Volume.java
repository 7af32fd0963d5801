package io.cowshed.volume;

import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.FileStatus;
import io.cowshed.engine.posix.FileUse;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.BackingLink;
import io.cowshed.volume.CataloguedFile.Disk;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The volume of this installation. Every failure of a file comes as a {@link io.cowshed.problem.CowshedException}:
 * {@link ImageInUse}, {@link ImageFileMissing}, {@link VolumeFull} or {@link VolumeUnavailable}.
 */
public final class Volume {

    private final Mount mount;
    private final VolumeLayout layout;
    private final int fileMode;
    private final DirectorySyncs syncs;

    Volume(Mount mount, int fileMode) {
        this.mount = mount;
        this.layout = mount.layout();
        this.fileMode = fileMode;
        this.syncs = mount.syncs();
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
        VolumeMarker marker = new VolumeCheck(layout, syncs).run(installation, anyImage);
        return new Volume(new Mount(layout, syncs, marker), fileMode);
    }

    /**
     * Opens a volume that is there, whoever it belongs to, and makes nothing.
     *
     * @throws UnusableVolume when there is none
     */
    public static Volume existing(VolumeProperties properties) {
        VolumeLayout layout = new VolumeLayout(properties.path());
        VolumeMarker marker = VolumeCheck.requireMarker(layout);
        return new Volume(new Mount(layout, DirectorySyncs.coalesced(), marker), properties.mode());
    }

    /** Whose volume it is. */
    public UUID installation() {
        return mount.installation();
    }

    /**
     * Keeps everyone else away from the volume until it is closed.
     *
     * @throws UnusableVolume when a service, or another command, uses it
     */
    public VolumePresence beAlone() {
        return VolumePresence.alone(layout);
    }

    /**
     * Says, until it is closed, that the volume is in use; again, when it was away and has come back.
     *
     * @throws UnusableVolume when a command has it alone
     */
    public VolumePresence beThere() {
        return mount.beThere();
    }

    /** Where an image's file is, relative to the root of the volume. */
    public static String relativePath(UUID image) {
        return "images/" + VolumeLayout.imageName(image);
    }

    /** The name by which an overlay in the same directory has this image as its backing file. */
    public static String backingName(UUID image) {
        return VolumeLayout.imageName(image);
    }

    /** How an overlay in the same directory says that it lies on this image, or on none. */
    public static @Nullable BackingLink backingLink(@Nullable UUID image) {
        return image == null ? null : new BackingLink(backingName(image), ImageFormat.QCOW2);
    }

    /**
     * Where strangers are put aside.
     *
     * @param catalogued asked of any image: whether the catalogue has it at the moment
     */
    public Quarantine quarantine(Predicate<UUID> catalogued) {
        return new Quarantine(mount, new BackingsInUse(layout, catalogued));
    }

    /** All that is in its directories. */
    public VolumeFiles files() {
        return new VolumeFiles(mount);
    }

    /** What is in the images. */
    public ImageDisks disks() {
        return new ImageDisks(mount);
    }

    /** What the images' files say of themselves. */
    public ImageHeaders headers() {
        return new ImageHeaders(mount);
    }

    /** What the images' files take. */
    public ImageSizes sizes() {
        return new ImageSizes(mount);
    }

    /** The files of seed disks. */
    public SeedFiles seeds() {
        return new SeedFiles(mount, fileMode);
    }

    /** The files that hold what there is in the catalogue. */
    public CatalogueFiles catalogue() {
        return new CatalogueFiles(mount);
    }

    /** Begins an image's file. */
    public NewImageFile create(UUID image) {
        try {
            return NewImageFile.create(mount, new Disk(image), fileMode);
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /**
     * Begins an image's file with one that is there already, elsewhere in the same file system. It keeps its name there.
     *
     * @throws ImageInUse when anyone has it open
     * @throws VolumeUnavailable when it lies in another file system, or cannot be written to
     */
    public NewImageFile adopt(UUID image, Path elsewhere) {
        try {
            return NewImageFile.of(mount, new Disk(image), elsewhere);
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    int fileMode() {
        return fileMode;
    }

    /**
     * Holds an image's file against everyone, to seal, thaw or judge it.
     *
     * @throws ImageInUse when anyone has it open
     */
    public HeldImage hold(UUID image) {
        return hold(new Disk(image));
    }

    /** As {@link #hold(UUID)}, of any file. */
    public HeldImage hold(CataloguedFile file) {
        try {
            return HeldImage.hold(layout, file, fileMode);
        } catch (IOException e) {
            throw mount.failure(file, e);
        }
    }

    /**
     * Holds an image's file against who would write to it, seal or thaw it. Its readers go on.
     *
     * @throws ImageInUse when somebody writes to it, or holds it
     */
    public HeldImage share(UUID image) {
        try {
            return HeldImage.share(layout, new Disk(image), fileMode);
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /** Whether anyone has the image's file open: see {@link #use}. */
    public boolean isInUse(UUID image) {
        return use(image) != FileUse.NONE;
    }

    /**
     * What those who have the image's file open do with it, QEMU or Cowshed. Takes nothing: who starts just then is not in the
     * way.
     *
     * @throws ImageFileMissing when there is no file
     */
    public FileUse use(UUID image) {
        try (PosixFile file = PosixFile.openForReading(layout.image(image))) {
            return FileLock.use(file);
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /**
     * That nobody has the image's file open. As {@link #use}, it takes nothing: who asks what may be refused is not in the way
     * of who works on it.
     *
     * @return nobody's
     * @throws ImageInUse when anyone has
     */
    public FileUse requireIdle(UUID image) {
        return requireUse(image, FileUse.NONE);
    }

    /**
     * That nobody writes to the image's file. Takes nothing.
     *
     * @return a reader's or nobody's
     * @throws ImageInUse when anyone does
     */
    public FileUse requireUnwritten(UUID image) {
        return requireUse(image, FileUse.READER);
    }

    private FileUse requireUse(UUID image, FileUse most) {
        try (PosixFile file = PosixFile.openForReading(layout.image(image))) {
            return FileLock.requireUse(file, most);
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /** The permissions that the file of an image has. */
    public int modeOf(boolean sealed) {
        return sealed ? HeldImage.SEALED : fileMode;
    }

    /** Where this service has the volume, with no symbolic links in it. */
    public Path realRoot() {
        try {
            return layout.root().toRealPath();
        } catch (IOException e) {
            throw mount.failure("The volume is not where it should be.", e);
        }
    }

    /** Whether a directory is one of a volume's own, of this or of another installation; what is in quarantine is nobody's. */
    public static boolean isOfVolume(Path directory) {
        return Files.exists(directory.resolveSibling(VolumeLayout.MARKER))
                && !directory.endsWith(VolumeArea.QUARANTINE.word());
    }

    /** The image whose file's name this is; empty for every other name. */
    public static Optional<UUID> imageOf(String fileName) {
        return VolumeLayout.imageOf(fileName);
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
            throw mount.failure(image, e);
        }
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
            return Removal.begin(mount, new Disk(image), fileMode);
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /**
     * As {@link #remove}, of many images: those whose files cannot be removed now, for whatever reason, are left out.
     *
     * @throws VolumeUnavailable when the volume fails for all of them, or is not there
     */
    public List<Removal> remove(Collection<UUID> images) {
        mount.require();
        try {
            return Removal.begin(
                    mount, images.stream().<CataloguedFile>map(Disk::new).toList(), fileMode);
        } catch (IOException e) {
            throw mount.failure("The files of images cannot be removed.", e);
        }
    }

    /**
     * That the volume is there. Every file is missing where it is not mounted, or another one is: that says nothing about any.
     *
     * @throws VolumeUnavailable when it is not
     */
    public void requireMounted() {
        mount.require();
    }

    /**
     * That the volume is there and can be written to. Writes nothing.
     *
     * @throws VolumeUnavailable when it is not, or cannot
     */
    public void requireUsable() {
        mount.requireWritable();
    }

    /** Makes all names that images' files have now durable: for who finds that somebody has given one, and died. */
    public void flushNames() {
        try {
            syncs.sync(layout.images());
        } catch (IOException e) {
            throw mount.failure("The names of images cannot be made durable.", e);
        }
    }

    /** Makes what an image's file holds durable, and its name: for who finds that somebody has changed it, and died. */
    public void flush(UUID image) {
        try (PosixFile file = PosixFile.openForReading(layout.image(image))) {
            file.flush();
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
        flushNames();
    }

    /** Makes an image's file read-only, and its name durable, whoever reads it. */
    public void freeze(UUID image) {
        try (PosixFile file = PosixFile.openForReading(layout.image(image))) {
            file.setMode(HeldImage.SEALED);
            file.flush();
            syncs.sync(layout.images());
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /**
     * Begins a file that is to take the place of an image's.
     *
     * @param held whether the caller holds the image's file when the new one takes its place
     * @throws ImageInUse when another Cowshed is at work on the file
     */
    public Replacement replace(UUID image, boolean held) {
        try {
            return Replacement.begin(mount, image, fileMode, held);
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /**
     * That no Cowshed is at work on the image's file. Who was stopped for a while, and taken for dead, is at work until it goes on.
     *
     * @throws ImageInUse when one is
     */
    public void requireUnfenced(UUID image) {
        try (PosixFile file = PosixFile.openForReading(layout.image(image))) {
            FileLock.fence(file);
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /**
     * The image's file as it is now; empty when there is none.
     *
     * @throws VolumeUnavailable when the volume itself is not there
     */
    public Optional<ImageFileStatus> status(UUID image) {
        Optional<ImageFileStatus> status = statusNow(image);
        if (status.isEmpty()) {
            mount.require();
        }
        return status;
    }

    private Optional<ImageFileStatus> statusNow(UUID image) {
        try {
            return PosixFile.statusOf(layout.image(image))
                    .filter(FileStatus::isRegular)
                    .map(ImageFileStatus::of);
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /**
     * The image's file as it is now.
     *
     * @throws ImageFileMissing when there is none
     */
    public ImageFileStatus requireFile(UUID image) {
        return status(image)
                .orElseThrow(() -> mount.failure(
                        image, new NoSuchFileException(layout.image(image).toString())));
    }

    /**
     * Whether a file for this image is being made, or was begun and left behind.
     *
     * @throws VolumeUnavailable when that cannot be told
     */
    public boolean isIncoming(UUID image) {
        try {
            boolean found = DirectoryNames.any(layout.incoming(), name -> name.startsWith(image + "."));
            mount.require();
            return found;
        } catch (IOException e) {
            throw mount.failure(image, e);
        }
    }

    /** The volume's space now. */
    public VolumeSpace space() {
        mount.require();
        try {
            FileStore store = Files.getFileStore(layout.root());
            return new VolumeSpace(store.getTotalSpace(), store.getUsableSpace());
        } catch (IOException e) {
            throw mount.failure("The volume does not tell its free space.", e);
        }
    }

    /**
     * Clears away what crashes left behind: see {@link Sweep}. Safe at any time, beside other replicas.
     *
     * @param settled asked of files that nobody works on any more: whether the catalogue has them, now that whatever was
     *     begun for them has ended
     * @param catalogued asked of any image: whether the catalogue has it at the moment
     * @param awaited asked before {@code settled} is: whether an operation that is not over is to make the image's file
     */
    public SweepReport sweep(Predicate<CataloguedFile> settled, Predicate<UUID> catalogued, Predicate<UUID> awaited) {
        return new Sweep(mount, settled, catalogued, awaited).run(_ -> true);
    }

    /** As above, only what was left behind of one image's file, for the operation that is to make it. */
    public SweepReport sweep(UUID image, Predicate<CataloguedFile> settled, Predicate<UUID> catalogued) {
        return new Sweep(mount, settled, catalogued, _ -> false).run(new Disk(image)::equals);
    }
}
