package io.cowshed.volume;

import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.OutOfSpaceException;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        VolumeLayout layout = mount.layout();
        HeldImage held = HeldImage.hold(layout, catalogued, mode);
        try {
            PosixFile file = held.posix();
            FileLock.fence(file);
            Path retired = layout.retired().resolve(VolumeLayout.newSideName(catalogued));
            try {
                file.link(retired);
                mount.syncs().sync(layout.retired());
            } catch (OutOfSpaceException e) {
                // Removing is what makes room again. All that is lost is who clears up after a crash in the next
                // moments.
                LOG.warn("No room for {} on the volume; its image is removed without it", retired.getFileName());
            }
            return new Removal(mount, catalogued, held, retired);
        } catch (Throwable e) {
            held.close();
            throw e;
        }
    }

    /** The image's row is gone for good: so is the file, when this returns. */
    public void uncatalogued() {
        try {
            if (held.posix().isAt(layout.own(catalogued))) {
                Files.delete(layout.own(catalogued));
                syncs.sync(layout.directory(catalogued));
            }
            Files.deleteIfExists(retired);
        } catch (IOException e) {
            throw mount.failure(catalogued, e);
        }
        held.close();
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
