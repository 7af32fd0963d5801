package io.cowshed.cow;

import io.cowshed.catalog.Families;
import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.FamilyVersion;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageNotFound;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageUse;
import io.cowshed.catalog.Images;
import io.cowshed.database.Transactions;
import io.cowshed.http.Listing;
import io.cowshed.operation.Claims;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The clones of a family that are not on its latest version: lists them, and upgrades them, each on its own. */
@Component
public class FamilyUpgrades {

    private final Families families;
    private final FamilyVersions versions;
    private final Images images;
    private final Upgrades upgrades;
    private final Submission submission;
    private final Transactions transactions;
    private final ImageUse use;
    private final Claims claims;
    private final Clock clock;

    FamilyUpgrades(
            Families families,
            FamilyVersions versions,
            Images images,
            Upgrades upgrades,
            Submission submission,
            Transactions transactions,
            ImageUse use,
            Claims claims,
            Clock clock) {
        this.families = families;
        this.versions = versions;
        this.images = images;
        this.upgrades = upgrades;
        this.submission = submission;
        this.transactions = transactions;
        this.use = use;
        this.claims = claims;
        this.clock = clock;
    }

    /**
     * A page of the clones, by their ids, and of what their upgrade would be refused for as far as their rows tell.
     *
     * @param after the id of the last that the caller has seen, or null to begin
     * @throws CowshedException of type NOT_FOUND if there is no such family, or none of its versions is active
     */
    public Listing<FamilyUpgrade> plan(FamilyName family, @Nullable UUID after, int limit) {
        return each(family, after, limit, image -> {
            Upgrades.requireUpgradable(image);
            use.requireNone(image, "upgraded");
            claims.requireNoneForNow(image.id());
            return null;
        });
    }

    /**
     * Begins the upgrade of a page of the clones, all of whose own changes will be lost. What one is refused for keeps no other.
     *
     * @param createdBy who asks for it
     * @throws CowshedException as for {@link #plan}
     */
    public Listing<FamilyUpgrade> begin(FamilyName family, @Nullable UUID after, int limit, String createdBy) {
        return each(family, after, limit, image -> {
            ImageRef ref = ImageRef.of(image.id());
            Upgrades.requireUpgradable(image);
            submission.requireIdle(ref);
            return transactions.write(
                    () -> upgrades.submit(ref, null, null, createdBy).id());
        });
    }

    @FunctionalInterface
    private interface Step {
        /** @return the operation that has begun; null for none */
        @Nullable
        UUID of(Image image);
    }

    private Listing<FamilyUpgrade> each(FamilyName family, @Nullable UUID after, int limit, Step step) {
        Instant now = clock.instant();
        UUID id = families.find(family);
        ImageRef.ByLatest ref = new ImageRef.ByLatest(family);
        FamilyVersion latest = versions.of(images.id(ref)).orElseThrow(() -> new ImageNotFound(ref));
        List<FamilyUpgrade> all = new ArrayList<>();
        List<UUID> found = versions.behind(id, latest.image(), after, limit);
        boolean more = found.size() > limit;
        List<UUID> page = more ? found.subList(0, limit) : found;
        page.forEach(clone -> upgrade(clone, latest, now, step, all));
        return new Listing<>(all, more ? page.getLast().toString() : null);
    }

    /** A clone that has gone, or another parent, by now is left out. */
    private void upgrade(UUID clone, FamilyVersion latest, Instant now, Step step, List<FamilyUpgrade> all) {
        FamilyVersion from = versions.ofParent(clone).orElse(null);
        if (from == null || !images.exists(clone)) {
            return;
        }
        Image image = images.find(ImageRef.of(clone));
        UUID operation = null;
        Obstacle reason = null;
        try {
            operation = step.of(image);
        } catch (CowshedException e) {
            if (e.type() == ProblemType.DATABASE_UNAVAILABLE) {
                throw e;
            }
            reason = Obstacle.of(e);
        }
        all.add(new FamilyUpgrade(
                clone,
                image.name(),
                image.lifetime(),
                UpgradePlan.Version.of(from, now),
                UpgradePlan.Version.of(latest, now),
                reason == null,
                reason,
                operation));
    }
}
