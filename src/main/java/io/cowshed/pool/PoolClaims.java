package io.cowshed.pool;

import io.cowshed.catalog.Families;
import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.HandOvers;
import io.cowshed.catalog.ImageEntry;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.NewImage;
import io.cowshed.catalog.web.NewImageFields;
import io.cowshed.catalog.web.NewImages;
import io.cowshed.cow.Clones;
import io.cowshed.database.Transactions;
import io.cowshed.problem.CowshedException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.springframework.stereotype.Component;

/** Hands clones of a family's latest version over: one that lies ready, or else a new one. */
@Component
public class PoolClaims {

    /** How many are tried in one transaction; others may be at the first of them just now. */
    private static final int PAGE = 20;

    private final Families families;
    private final FamilyVersions versions;
    private final PoolImages pooled;
    private final HandOvers handOvers;
    private final Clones clones;
    private final NewImages newImages;
    private final Transactions transactions;
    private final PoolUpkeep upkeep;

    PoolClaims(
            Families families,
            FamilyVersions versions,
            PoolImages pooled,
            HandOvers handOvers,
            Clones clones,
            NewImages newImages,
            Transactions transactions,
            PoolUpkeep upkeep) {
        this.families = families;
        this.versions = versions;
        this.pooled = pooled;
        this.handOvers = handOvers;
        this.clones = clones;
        this.newImages = newImages;
        this.transactions = transactions;
        this.upkeep = upkeep;
    }

    /**
     * Hands over a clone of the version that is the latest now.
     *
     * @param answer made in the transaction that does it
     * @throws CowshedException of type NOT_FOUND if there is no such family, or it has no version that is active; otherwise as
     *     for {@link Clones#create}
     */
    public <T> T claim(
            FamilyName family, ImageName name, NewImageFields fields, String by, Function<Claimed, T> answer) {
        UUID familyId = families.find(family);
        ImageRef.ByLatest latest = new ImageRef.ByLatest(family);
        Optional<T> taken = versions.image(latest)
                .flatMap(parent -> take(familyId, parent, newImages.named(name, fields), by, answer));
        if (taken.isPresent()) {
            upkeep.wake();
            return taken.get();
        }
        return clones.create(
                latest,
                List.of(name),
                fields,
                null,
                null,
                by,
                made -> answer.apply(new Claimed(made.getFirst(), false)));
    }

    private <T> Optional<T> take(UUID family, UUID parent, NewImage wanted, String by, Function<Claimed, T> answer) {
        List<PoolImages.Pooled> page = pooled.ready(family, parent, null, PAGE);
        while (!page.isEmpty()) {
            Optional<T> taken = takeOne(page, wanted, by, answer);
            if (taken.isPresent()) {
                return taken;
            }
            page = pooled.ready(family, parent, page.getLast(), PAGE);
        }
        return Optional.empty();
    }

    private <T> Optional<T> takeOne(
            List<PoolImages.Pooled> page, NewImage wanted, String by, Function<Claimed, T> answer) {
        return transactions.write(() -> {
            for (PoolImages.Pooled candidate : page) {
                if (handOvers.lock(candidate.image(), candidate.version()) && pooled.take(candidate.image())) {
                    ImageEntry clone = handOvers.give(candidate.image(), wanted, by);
                    return Optional.of(answer.apply(new Claimed(clone, true)));
                }
            }
            return Optional.empty();
        });
    }
}
