package io.cowshed.pool;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageChange;
import io.cowshed.catalog.ImageEntry;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.web.NewImageFields;
import io.cowshed.cow.Clones;
import io.cowshed.cow.Removals;
import io.cowshed.database.TimeOrderedIds;
import io.cowshed.database.Transactions;
import io.cowshed.problem.CowshedException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Brings what is in pools to what should be. Whatever each step does on one replica does no harm to the same step on another.
 */
@Component
class PoolStock {

    /** The label of a clone in a pool; the family is its value. */
    static final String LABEL = "cowshed.pool";

    private static final Logger LOG = LoggerFactory.getLogger(PoolStock.class);

    /** How many clones are made at once. */
    private static final int BATCH = 100;

    /** Of the family's name, so that what comes before and after it still makes the name of an image. */
    private static final int LONGEST_FAMILY = 100;

    /** Where the last 12 digits of an id begin, which are random. */
    private static final int RANDOM_PART = 24;

    private static final String MAKER = "cowshed";

    private final PoolImages pooled;
    private final FamilyVersions versions;
    private final Clones clones;
    private final Removals removals;
    private final Images images;
    private final Catalog catalog;
    private final TimeOrderedIds ids;
    private final Transactions transactions;

    PoolStock(
            PoolImages pooled,
            FamilyVersions versions,
            Clones clones,
            Removals removals,
            Images images,
            Catalog catalog,
            TimeOrderedIds ids,
            Transactions transactions) {
        this.pooled = pooled;
        this.versions = versions;
        this.clones = clones;
        this.removals = removals;
        this.images = images;
        this.catalog = catalog;
        this.ids = ids;
        this.transactions = transactions;
    }

    /**
     * Makes some of what is missing on the latest version; nothing where there is none.
     *
     * @return whether anything was missing
     * @throws CowshedException where a clone cannot be made
     */
    boolean makeMissing(Pool pool) {
        int missing = latest(pool)
                .map(parent -> pool.size() - pooled.ready(pool.familyId(), parent))
                .orElse(0);
        if (missing > 0) {
            make(pool, Math.min(missing, BATCH));
        }
        return missing > 0;
    }

    private void make(Pool pool, int count) {
        List<ImageName> names = Stream.generate(() -> name(pool)).limit(count).toList();
        NewImageFields fields = NewImageFields.persistent(null, Map.of(LABEL, pool.family()));
        try {
            clones.create(
                    new ImageRef.ByLatest(new FamilyName(pool.family())), names, fields, null, null, MAKER, made -> {
                        List<Image> added = made.stream().map(ImageEntry::image).toList();
                        pooled.add(pool.familyId(), added.getFirst().requireParent("put into a pool"), added);
                        return count;
                    });
            LOG.debug("Put {} clones into the pool of family {}", count, pool.family());
        } catch (PoolFull e) {
            LOG.debug("{} clones for the pool of family {} are not needed any more", count, pool.family(), e);
        }
    }

    private ImageName name(Pool pool) {
        String family = pool.family();
        String cut = family.length() > LONGEST_FAMILY ? family.substring(0, LONGEST_FAMILY) : family;
        return new ImageName("pool-" + cut + "-" + ids.next().toString().substring(RANDOM_PART));
    }

    /** Removes what lies on another version than the latest, and what is too much. */
    void clear(Pool pool) {
        Optional<UUID> latest = latest(pool);
        purgeElsewhere(pool.familyId(), latest.orElse(null));
        latest.ifPresent(parent -> {
            int tooMany = pooled.ready(pool.familyId(), parent) - pool.size();
            if (tooMany > 0) {
                // Those that are handed over last.
                purge(pooled.newest(pool.familyId(), parent, tooMany));
            }
        });
    }

    /** Removes what is in pools that are not there any more. */
    void clearOrphaned() {
        pooled.orphaned().forEach(family -> purgeElsewhere(family, null));
    }

    /** Lets go of some of what somebody has changed, attached or given a seed disk: it is his from now on. */
    void letGoOfTouched() {
        pooled.touched().forEach(this::letGo);
    }

    private void letGo(UUID id) {
        transactions.write(() -> {
            if (images.exists(id)) {
                Image image = images.lock(ImageRef.of(id));
                if (image.state() != ImageState.TRASHED && pooled.forget(id)) {
                    unlabel(id);
                }
            }
            return id;
        });
    }

    private void unlabel(UUID id) {
        Map<String, @Nullable String> labels = Collections.singletonMap(LABEL, null);
        catalog.change(ImageRef.of(id), null, new ImageChange(null, null, labels, null, null, null, null));
        LOG.info("Somebody has image {}, which is in no pool any more", id);
    }

    private void purgeElsewhere(UUID family, @Nullable UUID parent) {
        List<PoolImages.Pooled> page = pooled.elsewhere(family, parent, null);
        while (!page.isEmpty()) {
            purge(page);
            page = pooled.elsewhere(family, parent, page.getLast());
        }
    }

    /** By the version that the image had: whoever claims or changes it at the same time wins. */
    private void purge(List<PoolImages.Pooled> page) {
        for (PoolImages.Pooled clone : page) {
            // The page may be long: somebody may have taken this one up since it was read.
            if (!pooled.isNobodys(clone.image())) {
                continue;
            }
            try {
                removals.purge(ImageRef.of(clone.image()), Set.of(clone.version()));
            } catch (CowshedException e) {
                if (!Removals.isForNow(e)) {
                    throw e;
                }
                LOG.debug("Image {} stays in its pool for now", clone.image(), e);
            }
        }
    }

    private Optional<UUID> latest(Pool pool) {
        return versions.image(new ImageRef.ByLatest(new FamilyName(pool.family())));
    }
}
