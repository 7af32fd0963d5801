package io.cowshed.volume;

import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.OutOfSpaceException;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of an image, or of its seed disk, on its way out. No QEMU has it open or can open it meanwhile.
 *
 * <pre>
 * held and fenced ‖ retired name linked, directory flushed ‖ row deleted ‖ image name removed, directory flushed ‖ retired name removed
 * </pre>
 *
 * <p>When this process dies on the way, or the outcome of the caller's commit is not known, the retired name tells the next
 * sweep to ask the catalogue. Only on a volume that has no room even for a name is there none: then such a file stays in
 * {@code images/}, where it does no harm.
 */
public final class Removal implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Removal.class);

    /** Removing is what makes room again. All that is lost is who clears up after a crash in the next moments. */
    private static final String NO_ROOM = "No room for {} on the volume; its image is removed without it";

    private final Mount mount;
    private final VolumeLayout layout;
    private final DirectorySyncs syncs;
    private final CataloguedFile catalogued;
    private final HeldImage held;
    private final Path retired;

    private Removal(Mount mount, CataloguedFile catalogued, HeldImage held, Path retired) {
        this.mount = mount;
        this.layout = mount.layout();
        this.syncs = mount.syncs();
        this.catalogued = catalogued;
        this.held = held;
        this.retired = retired;
    }

    static Removal begin(Mount mount, CataloguedFile catalogued, int mode) throws IOException {
        Removal removal = retire(mount, catalogued, mode);
        try {
            removal.flushRetired();
            return removal;
        } catch (Throwable e) {
            removal.close();
            throw e;
        }
    }

    /**
     * As {@link #begin(Mount, CataloguedFile, int)}, of many: their retired names are flushed once, all at the end. What cannot be
     * begun is left out; who begins it by itself has the reason.
     */
    static List<Removal> begin(Mount mount, List<CataloguedFile> files, int mode) throws IOException {
        List<Removal> begun = new ArrayList<>(files.size());
        try {
            for (CataloguedFile file : files) {
                try {
                    begun.add(retire(mount, file, mode));
                } catch (IOException e) {
                    LOG.debug("{} is not removed together with others", file, e);
                }
            }
            if (!begun.isEmpty()) {
                begun.getLast().flushRetired();
            }
            return begun;
        } catch (Throwable e) {
            begun.forEach(Removal::close);
            throw e;
        }
    }

    private static Removal retire(Mount mount, CataloguedFile catalogued, int mode) throws IOException {
        VolumeLayout layout = mount.layout();
        HeldImage held = HeldImage.hold(layout, catalogued, mode);
        try {
            PosixFile file = held.posix();
            FileLock.fence(file);
            Path retired = layout.retired().resolve(VolumeLayout.newSideName(catalogued));
            try {
                file.link(retired);
            } catch (OutOfSpaceException e) {
                LOG.warn(NO_ROOM, retired.getFileName());
            }
            return new Removal(mount, catalogued, held, retired);
        } catch (Throwable e) {
            held.close();
            throw e;
        }
    }

    private void flushRetired() throws IOException {
        try {
            syncs.sync(layout.retired());
        } catch (OutOfSpaceException e) {
            LOG.warn(NO_ROOM, retired.getFileName());
        }
    }

    /** Which file it is. */
    public CataloguedFile catalogued() {
        return catalogued;
    }

    /** The image's row is gone for good: so is the file, when this returns. */
    public void uncatalogued() {
        uncatalogued(List.of(this));
    }

    /** As {@link #uncatalogued()}, of disks in one go, for all of which the directory is flushed once. */
    public static void uncatalogued(List<Removal> removals) {
        if (removals.isEmpty()) {
            return;
        }
        Removal last = removals.getLast();
        try {
            for (Removal removal : removals) {
                Path own = removal.layout.own(removal.catalogued);
                if (removal.held.posix().isAt(own)) {
                    Files.delete(own);
                }
            }
            last.syncs.sync(last.layout.directory(last.catalogued));
            for (Removal removal : removals) {
                Files.deleteIfExists(removal.retired);
            }
        } catch (IOException e) {
            throw last.mount.failure(last.catalogued, e);
        }
        removals.forEach(Removal::close);
    }

    /** The image's row stays for good, and so does the file. */
    public void refused() {
        try {
            Files.deleteIfExists(retired);
        } catch (IOException e) {
            throw mount.failure(catalogued, e);
        }
        held.close();
    }

    /** Lets the file go as it is. */
    @Override
    public void close() {
        held.close();
    }
}
