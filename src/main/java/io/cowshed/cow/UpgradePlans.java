package io.cowshed.cow;

import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageChanged;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Reworking;
import io.cowshed.operation.Claims;
import io.cowshed.volume.Volume;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Says what the upgrade of a clone would come to, and changes nothing. Nothing is locked, so what is true now need not be a
 * moment later.
 */
@Component
public class UpgradePlans {

    private final Images images;
    private final FamilyVersions versions;
    private final Reworking reworking;
    private final ImageUse use;
    private final Claims claims;
    private final Splices splices;
    private final Comparisons comparisons;
    private final Spaces spaces;
    private final Volume volume;
    private final Clock clock;

    UpgradePlans(
            Images images,
            FamilyVersions versions,
            Reworking reworking,
            ImageUse use,
            Claims claims,
            Splices splices,
            Comparisons comparisons,
            Spaces spaces,
            Volume volume,
            Clock clock) {
        this.images = images;
        this.versions = versions;
        this.reworking = reworking;
        this.use = use;
        this.claims = claims;
        this.splices = splices;
        this.comparisons = comparisons;
        this.spaces = spaces;
        this.volume = volume;
        this.clock = clock;
    }

    /**
     * The plan.
     *
     * @param expectedVersions one of which the caller has read, or null for whatever there is
     */
    public UpgradePlan of(Upgrades.Goal goal, @Nullable Set<Long> expectedVersions) {
        Image image = goal.image();
        UUID id = image.id();
        Instant now = clock.instant();
        Image before = images.find(ImageRef.of(goal.from().image()));
        Image after = images.find(ImageRef.of(goal.to().image()));
        long allocated = volume.sizes().allocated(id).orElse(image.allocatedSize());
        List<Obstacle> obstacles = obstacles(goal, after, expectedVersions);
        return new UpgradePlan(
                id,
                image.name(),
                image.lifetime(),
                goal.isReached(),
                obstacles.isEmpty(),
                obstacles,
                UpgradePlan.Version.of(goal.from(), now),
                UpgradePlan.Version.of(goal.to(), now),
                allocated,
                volume.status(id).isPresent() ? spaces.exclusive(id, allocated) : Long.valueOf(0),
                comparisons.differingSize(before, after),
                image.virtualSize(),
                goal.isReached() ? image.virtualSize() : Math.max(image.virtualSize(), after.virtualSize()),
                before.virtualSize() != after.virtualSize());
    }

    private List<Obstacle> obstacles(Upgrades.Goal goal, Image after, @Nullable Set<Long> expectedVersions) {
        Image image = goal.image();
        List<Runnable> always = List.of(
                () -> ImageChanged.requireVersion(image, expectedVersions),
                () -> image.requireUnsealed("upgraded"),
                () -> Upgrades.requireDisposable(image));
        List<Runnable> ofChange = List.of(
                image::requireRemovable,
                () -> use.requireNone(image, "upgraded"),
                () -> claims.requireNoneForNow(image.id()),
                () -> splices.requireIdle(image),
                () -> InternalSnapshots.requireNone(image.id(), volume.headers().of(image.id())),
                () -> versions.requireClonable(after),
                () -> reworking.checkParent(after));
        return Obstacle.of(
                goal.isReached()
                        ? always
                        : Stream.concat(always.stream(), ofChange.stream()).toList());
    }
}
