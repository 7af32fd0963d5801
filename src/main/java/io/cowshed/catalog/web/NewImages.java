package io.cowshed.catalog.web;

import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.Labels;
import io.cowshed.catalog.Lease;
import io.cowshed.catalog.LeaseTerms;
import io.cowshed.catalog.Lifetime;
import io.cowshed.catalog.NewImage;
import io.cowshed.catalog.OnExpire;
import io.cowshed.database.TimeOrderedIds;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Makes of a name, and of what a call says besides, the image that is to be. */
@Component
public class NewImages {

    private final TimeOrderedIds ids;
    private final LeaseTerms terms;
    private final Clock clock;

    NewImages(TimeOrderedIds ids, LeaseTerms terms, Clock clock) {
        this.ids = ids;
        this.terms = terms;
        this.clock = clock;
    }

    /**
     * The image of that name, with an id of its own.
     *
     * @throws CowshedException of type INVALID_REQUEST if something about it cannot be
     */
    public NewImage named(ImageName name, NewImageFields fields) {
        Lease lease = lease(fields);
        LeaseTerms.requireOtherName(name.value(), lease);
        return new NewImage(
                ids.next(),
                name,
                fields.description() == null ? "" : fields.description(),
                fields.labels() == null ? Labels.none() : new Labels(fields.labels()),
                lease);
    }

    private @Nullable Lease lease(NewImageFields fields) {
        if (fields.ttl() != null && fields.lifetime() != Lifetime.PERSISTENT) {
            return terms.begin(
                    clock.instant(),
                    fields.ttl(),
                    fields.onExpire() == null ? OnExpire.TRASH : fields.onExpire(),
                    fields.beforeDelete() == null
                            ? null
                            : new ImageName(fields.beforeDelete().copy()));
        }
        if (fields.lifetime() == Lifetime.DISPOSABLE) {
            throw refuse("A disposable image needs an expiry.", "Say how long it may live: \"ttl\": \"PT8H\".");
        }
        if (fields.ttl() != null || fields.onExpire() != null || fields.beforeDelete() != null) {
            throw refuse(
                    "A persistent image has no expiry.",
                    "Leave out ttl, onExpire and beforeDelete; or make the image disposable, with a ttl.");
        }
        return null;
    }

    private static CowshedException refuse(String detail, String action) {
        return new CowshedException(ProblemType.INVALID_REQUEST, detail, action);
    }
}
