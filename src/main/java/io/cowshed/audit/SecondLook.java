package io.cowshed.audit;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Inventory;
import io.cowshed.operation.Claims;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.CataloguedFile;
import io.cowshed.volume.InspectedFile;
import io.cowshed.volume.Volume;
import io.cowshed.volume.VolumeFiles.Look;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Looks again at an image that looked wrong. A file and its row never change at the same instant, but whoever changes them holds
 * the file's locks from before the first until after the second, or has a claim on the image. So what is wrong while the row is
 * the same before and after, nobody has the locks before and after, and no operation changes the image, is wrong.
 */
@Component
class SecondLook {

    private static final int LOOKS = 4;
    private static final long PAUSE_MILLIS = 250;

    private final Inventory inventory;
    private final Images images;
    private final ImageUse use;
    private final Claims claims;
    private final Volume volume;

    SecondLook(Inventory inventory, Images images, ImageUse use, Claims claims, Volume volume) {
        this.inventory = inventory;
        this.images = images;
        this.use = use;
        this.claims = claims;
        this.volume = volume;
    }

    /**
     * What is wrong with an image.
     *
     * @return null when that cannot be told, because something is going on with it
     * @throws CowshedException of type VOLUME_UNAVAILABLE when the volume is not there
     */
    @Nullable
    List<Finding> at(UUID image, Judge judge) throws InterruptedException {
        IOException failure = null;
        Inventory.Entry row = null;
        for (int look = 0; look < LOOKS; look++) {
            TimeUnit.MILLISECONDS.sleep(look == 0 ? 0 : PAUSE_MILLIS);
            row = inventory.find(image).orElse(null);
            if (row == null) {
                return List.of();
            }
            try {
                Optional<List<Finding>> found = look(row, judge);
                failure = null;
                if (found.isPresent()) {
                    return found.get();
                }
            } catch (IOException e) {
                failure = e;
            }
        }
        if (row == null || failure == null) {
            return null;
        }
        volume.requireMounted();
        return List.of(new Finding(
                FindingKind.UNREADABLE,
                image,
                row.name(),
                Volume.relativePath(image),
                "It cannot be read: " + failure.getMessage() + "."));
    }

    private Optional<List<Finding>> look(Inventory.Entry row, Judge judge) throws IOException {
        if (isChanging(row.id())) {
            return Optional.empty();
        }
        boolean written = isWritten(row.id());
        Look disk = look(new CataloguedFile.Disk(row.id()));
        List<Finding> found = new ArrayList<>(judge.disk(row, fileOf(disk)));
        boolean inWork = isInWork(disk);
        if (row.seed() != null) {
            Look seed = look(row.seed());
            found.addAll(judge.seed(row, row.seed(), fileOf(seed)));
            inWork |= isInWork(seed);
        }
        if (found.isEmpty()) {
            return Optional.of(found);
        }
        // Before the row is read again: what a holder leaves is recorded there before he is let go.
        written |= isWritten(row.id());
        if (inWork || !inventory.find(row.id()).equals(Optional.of(row)) || isChanging(row.id())) {
            return Optional.empty();
        }
        volume.requireMounted();
        if (written) {
            found.removeIf(finding -> finding.kind().isWritersWork());
        }
        return Optional.of(found);
    }

    private @Nullable Look look(CataloguedFile file) throws IOException {
        return volume.files().look(volume.files().path(file)).orElse(null);
    }

    private static @Nullable InspectedFile fileOf(@Nullable Look look) {
        return look == null ? null : look.file();
    }

    private static boolean isInWork(@Nullable Look look) {
        return look != null && look.isInWork();
    }

    private boolean isChanging(UUID image) {
        return !claims.changing(List.of(image)).isEmpty();
    }

    /** Whether somebody has it attached to write to it, or had and it has yet to be looked after. */
    private boolean isWritten(UUID id) {
        try {
            Image image = images.find(ImageRef.of(id));
            use.requireNoWriter(image, "audited");
            return false;
        } catch (CowshedException e) {
            if (e.type() == ProblemType.IMAGE_ATTACHED || e.type() == ProblemType.NOT_FOUND) {
                return true;
            }
            throw e;
        }
    }
}
