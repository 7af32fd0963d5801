package io.cowshed.volume;

import io.cowshed.volume.CataloguedFile.Seed;
import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The files of seed disks, which come and go as those of images do. None ever takes the place of another: so a row that names
 * one and the file it names are always of the same mind.
 */
public final class SeedFiles {

    private final Mount mount;
    private final int fileMode;

    SeedFiles(Mount mount, int fileMode) {
        this.mount = mount;
        this.fileMode = fileMode;
    }

    /** A seed disk that there is not yet. */
    public static Seed another(UUID image) {
        return new Seed(image, ThreadLocalRandom.current().nextLong(1, Seed.NUMBERS));
    }

    /** Begins the file of a seed disk. */
    public NewImageFile create(Seed seed) {
        try {
            return NewImageFile.create(mount, seed, fileMode);
        } catch (IOException e) {
            throw mount.failure(seed, e);
        }
    }

    /**
     * Begins to remove the file of a seed disk; the caller then deletes or changes the row.
     *
     * @throws ImageInUse when anyone has it open
     * @throws ImageFileMissing when it is gone already: only the row is left to change
     */
    public Removal remove(Seed seed) {
        try {
            return Removal.begin(mount, seed, fileMode);
        } catch (IOException e) {
            throw mount.failure(seed, e);
        }
    }
}
