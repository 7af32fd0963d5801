package io.cowshed.catalog;

import io.cowshed.operation.Claims;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Hands images that were made ahead to those who ask for one. Each method is part of the caller's transaction. */
@Component
@Transactional(propagation = Propagation.MANDATORY)
public class HandOvers {

    private final Images images;
    private final Lineages lineages;
    private final FamilyVersions versions;
    private final Names names;
    private final Claims claims;
    private final GuardedFlush flush;
    private final ImageEvents events;
    private final JdbcClient database;
    private final Clock clock;

    HandOvers(
            Images images,
            Lineages lineages,
            FamilyVersions versions,
            Names names,
            Claims claims,
            GuardedFlush flush,
            ImageEvents events,
            JdbcClient database,
            Clock clock) {
        this.images = images;
        this.lineages = lineages;
        this.versions = versions;
        this.names = names;
        this.claims = claims;
        this.flush = flush;
        this.events = events;
        this.database = database;
        this.clock = clock;
    }

    /**
     * Locks an image's row, unless somebody else has it locked, the image has another version, or an operation needs it. Waits
     * for nobody.
     *
     * @return whether it is locked now
     */
    public boolean lock(UUID id, long version) {
        return database.sql("select id from image where id = :id and version = :version for update skip locked")
                        .param("id", id)
                        .param("version", version)
                        .query(Images.ID)
                        .optional()
                        .isPresent()
                && !claims.isClaimed(id);
    }

    /**
     * Makes a clone that is locked what somebody has asked for, as if it had been made for him just now. The caller knows that it
     * is as it was made: not sealed, with no seed disk.
     *
     * @param wanted what is said of it; its id stays
     * @throws NameTaken if another image has the name
     */
    public ImageEntry give(UUID id, NewImage wanted, String to) {
        List<ImageName> asked = List.of(wanted.name());
        Image image = images.lock(ImageRef.of(id));
        String before = image.name();
        image.handOver(wanted, to, clock.instant());
        flush.orRefuse(Map.of(Constraint.LIVE_NAME, () -> names.taken(asked)));
        events.handedOver(image, before);
        return entry(image);
    }

    private ImageEntry entry(Image clone) {
        Image parent = images.find(ImageRef.of(clone.requireParent("handed over")));
        int depth = lineages.depthBelow(parent);
        FamilyVersion version = versions.of(parent.id()).orElse(null);
        ImageLink link = new ImageLink(parent.id(), parent.name(), parent.state());
        return new ImageEntry(clone, link, depth, 0, null, null, null, version);
    }
}
