package io.cowshed.pool;

import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.ImageRef;
import io.cowshed.metrics.Census;
import io.cowshed.metrics.Count;
import io.cowshed.metrics.Source;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** How well pools are filled, all together: families have names that are theirs to choose. */
@Component
class PoolCensus implements Census {

    private static final int PATIENCE_SECONDS = 10;

    private final Pools pools;
    private final PoolImages images;
    private final FamilyVersions versions;

    PoolCensus(Pools pools, PoolImages images, FamilyVersions versions) {
        this.pools = pools;
        this.images = images;
        this.versions = versions;
    }

    @Override
    public Source source() {
        return Source.DATABASE;
    }

    @Override
    @Transactional(readOnly = true, timeout = PATIENCE_SECONDS)
    public List<Count> take() {
        long wanted = 0;
        long ready = 0;
        long full = 0;
        long empty = 0;
        List<Pool> all = pools.all();
        for (Pool pool : all) {
            int lying = versions.image(new ImageRef.ByLatest(new FamilyName(pool.family())))
                    .map(parent -> images.ready(pool.familyId(), parent))
                    .orElse(0);
            wanted += pool.size();
            ready += Math.min(lying, pool.size());
            full += lying >= pool.size() ? 1 : 0;
            empty += lying == 0 && pool.size() > 0 ? 1 : 0;
        }
        return List.of(
                Count.of("cowshed.pool.wanted", "Clones that are to lie ready in pools", Tags.empty(), wanted),
                Count.of("cowshed.pool.ready", "Clones that lie ready in pools", Tags.empty(), ready),
                pools("full", full),
                pools("filling", all.size() - full - empty),
                pools("empty", empty));
    }

    private static Count pools(String state, long n) {
        return Count.of("cowshed.pools", "Pools by how far they are filled", Tags.of("state", state), n);
    }
}
