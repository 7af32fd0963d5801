package io.cowshed.volume;

import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.FileStatus;
import io.cowshed.engine.posix.FileUse;
import io.cowshed.engine.posix.NotRegularFileException;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.problem.CowshedException;
import io.cowshed.volume.CataloguedFile.Disk;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * What is in the directories of a volume, whatever the catalogue has. Reads only, takes no lock, and needs no service: what is
 * found may be somebody's work in progress.
 */
public final class VolumeFiles {

    private static final int SET_GROUP_ID = 02000;

    /** By which an NFS client keeps what was removed while it was open. */
    private static final String SILLY_RENAMED = ".nfs";

    private final Mount mount;
    private final VolumeLayout layout;

    VolumeFiles(Mount mount) {
        this.mount = mount;
        this.layout = mount.layout();
    }

    /**
     * Goes through the names in a directory, as they come, each as it is read: memory does not grow with them.
     *
     * @throws VolumeUnavailable when that cannot be done, or the volume is not there, then or in the end: what was found says
     *     nothing then
     */
    public void walk(VolumeArea area, Consumer<VolumeEntry> each) {
        mount.require();
        try {
            DirectoryNames.each(layout.directory(area), name -> {
                String text = name.getFileName().toString();
                if (!text.startsWith(SILLY_RENAMED)) {
                    each.accept(new VolumeEntry(area, text, fileOf(area, text).orElse(null)));
                }
            });
        } catch (NoSuchFileException e) {
            if (area != VolumeArea.QUARANTINE) {
                throw unreadable(area, e);
            }
        } catch (IOException e) {
            throw unreadable(area, e);
        }
        mount.require();
    }

    private CowshedException unreadable(VolumeArea area, IOException cause) {
        return mount.failure("The directory " + area.word() + " of the volume cannot be read.", cause);
    }

    private static Optional<? extends CataloguedFile> fileOf(VolumeArea area, String name) {
        return switch (area) {
            case IMAGES -> VolumeLayout.imageOf(name).map(Disk::new);
            case SEEDS -> VolumeLayout.seedOf(name);
            case INCOMING, RETIRED -> VolumeLayout.sideNameOf(name);
            case QUARANTINE -> Optional.empty();
        };
    }

    /**
     * Looks at a file, and whether somebody is at work on it: before and after, so that what was seen of a file that is in
     * nobody's hands was true while it was in nobody's hands. Takes no lock, and is in nobody's way.
     *
     * @return empty when nothing has that name
     * @throws IOException when it is there, and cannot be read
     * @throws VolumeUnavailable when the volume is not there
     */
    public Optional<Look> look(Path path) throws IOException {
        try (PosixFile file = PosixFile.openForReading(path)) {
            FileUse before = FileLock.use(file);
            boolean fenced = FileLock.isFenced(file);
            InspectedFile inspected = InspectedFile.of(file);
            FileUse after = FileLock.use(file);
            fenced |= FileLock.isFenced(file) || !file.isAt(path);
            return Optional.of(new Look(inspected, before.compareTo(after) > 0 ? before : after, fenced));
        } catch (NoSuchFileException _) {
            mount.require();
            return Optional.empty();
        } catch (NotRegularFileException _) {
            return InspectedFile.of(path).map(file -> new Look(file, FileUse.NONE, false));
        }
    }

    /**
     * What was seen of a file.
     *
     * @param use what others did with it
     * @param fenced whether somebody was making, replacing or removing it
     */
    public record Look(InspectedFile file, FileUse use, boolean fenced) {

        /** Whether somebody may have been changing it, or have been about to have the catalogue say what he changed. */
        public boolean isInWork() {
            return fenced || use == FileUse.WRITER;
        }
    }

    /**
     * Whether a file, or what became of it, has a side name: then a sweep decides on it.
     *
     * @throws VolumeUnavailable when that cannot be told
     */
    public boolean hasSideName(CataloguedFile file) {
        boolean found = isAmong(VolumeArea.INCOMING, file) || isAmong(VolumeArea.RETIRED, file);
        mount.require();
        return found;
    }

    private boolean isAmong(VolumeArea area, CataloguedFile file) {
        try {
            return DirectoryNames.any(
                    layout.directory(area),
                    name -> fileOf(area, name).filter(file::equals).isPresent());
        } catch (IOException e) {
            throw unreadable(area, e);
        }
    }

    /** The group that new files in a directory get, where it gives them one: its set-group-ID bit says so. */
    public OptionalInt groupOf(VolumeArea area) {
        try {
            FileStatus status =
                    PosixFile.statusOf(layout.directory(area)).orElseThrow(() -> new NoSuchFileException(area.word()));
            return (status.permissions() & SET_GROUP_ID) == 0 ? OptionalInt.empty() : OptionalInt.of(status.group());
        } catch (IOException e) {
            throw unreadable(area, e);
        }
    }

    /** The name at a path relative to the root, as {@link VolumeEntry#path} has it. */
    public VolumeEntry entry(String path) {
        int slash = path.indexOf('/');
        String name = path.substring(slash + 1);
        VolumeArea area = VolumeArea.valueOf(path.substring(0, slash).toUpperCase(Locale.ROOT));
        return new VolumeEntry(area, name, fileOf(area, name).orElse(null));
    }

    /**
     * Where such a name is.
     *
     * @throws IOException when it is none that can be opened by its text
     */
    public Path path(VolumeEntry entry) throws IOException {
        return layout.named(entry.area(), entry.name());
    }

    /**
     * Whether there is such a name.
     *
     * @throws VolumeUnavailable when that cannot be told
     */
    public boolean isThere(VolumeEntry entry) {
        try {
            boolean found = PosixFile.statusOf(path(entry)).isPresent();
            mount.require();
            return found;
        } catch (IOException e) {
            throw unreadable(entry.area(), e);
        }
    }

    /** Where the file of an image, or of its seed disk, has its own name. */
    public Path path(CataloguedFile file) {
        return layout.own(file);
    }
}
