package io.cowshed.volume;

import io.cowshed.volume.CataloguedFile.Disk;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What is in the directories of a volume, whatever the catalogue has. Reads only, takes no lock, and needs no service: what is
 * found may be somebody's work in progress.
 */
public final class VolumeFiles {

    private final VolumeLayout layout;

    VolumeFiles(VolumeLayout layout) {
        this.layout = layout;
    }

    /** Those below the root of a volume. */
    public static VolumeFiles at(Path root) {
        return new VolumeFiles(new VolumeLayout(root));
    }

    /**
     * Goes through the names in a directory, as they come, each as it is read: memory does not grow with them.
     *
     * @throws VolumeUnavailable when that cannot be done
     */
    public void walk(VolumeArea area, Consumer<VolumeEntry> each) {
        Path directory = layout.directory(area);
        try (DirectoryStream<Path> names = Files.newDirectoryStream(directory)) {
            for (Path name : names) {
                String text = name.getFileName().toString();
                each.accept(new VolumeEntry(area, text, fileOf(area, text).orElse(null)));
            }
        } catch (DirectoryIteratorException e) {
            throw unreadable(area, new IOException(e));
        } catch (NoSuchFileException e) {
            if (area != VolumeArea.QUARANTINE) {
                throw unreadable(area, e);
            }
        } catch (IOException e) {
            throw unreadable(area, e);
        }
    }

    private static VolumeUnavailable unreadable(VolumeArea area, IOException cause) {
        return new VolumeUnavailable("The directory " + area.word() + " of the volume cannot be read.", cause);
    }

    private static Optional<? extends CataloguedFile> fileOf(VolumeArea area, String name) {
        return switch (area) {
            case IMAGES -> VolumeLayout.imageOf(name).map(Disk::new);
            case SEEDS -> VolumeLayout.seedOf(name);
            case INCOMING, RETIRED -> VolumeLayout.sideNameOf(name);
            case QUARANTINE -> Optional.empty();
        };
    }

    /** Where such a name is. */
    public Path path(VolumeEntry entry) {
        return layout.directory(entry.area()).resolve(entry.name());
    }

    /** Where the file of an image, or of its seed disk, has its own name. */
    public Path path(CataloguedFile file) {
        return layout.own(file);
    }
}
