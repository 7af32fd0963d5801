package io.cowshed.operation;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * What operations that are not over need of images. Whoever asks, or adds a claim, has locked the row of the image, so that
 * claims and changes of an image never pass each other by.
 */
@Component
@Transactional(propagation = Propagation.MANDATORY)
public class Claims {

    private final JdbcClient database;

    Claims(JdbcClient database) {
        this.database = database;
    }

    /**
     * That no operation needs the image in any way.
     *
     * @throws ImageBusy if one does
     */
    public void requireNone(UUID image) {
        require(image, "");
    }

    /**
     * That no operation changes the image.
     *
     * @throws ImageBusy if one does
     */
    public void requireUnchanging(UUID image) {
        require(image, " and c.exclusive_image_id is not null");
    }

    /**
     * That no operation removes the image.
     *
     * @throws ImageBusy if one does
     */
    public void requireStaying(UUID image) {
        require(image, " and c.removes");
    }

    /** Whether an operation needs the image in any way. */
    public boolean isClaimed(UUID image) {
        return claim(image, "").isPresent();
    }

    /** Those of the images that an operation needs in any way. As for {@link #changing}, for views nothing need be locked. */
    @Transactional(propagation = Propagation.SUPPORTS)
    public Set<UUID> claimed(Collection<UUID> images) {
        return images.isEmpty()
                ? Set.of()
                : Set.copyOf(database.sql("select distinct image_id from operation_claim where image_id in (:images)")
                        .param("images", images)
                        .query(UUID.class)
                        .list());
    }

    /**
     * As {@link #requireNone}, as things are at the moment: for whoever is to learn it early, or only wants to know. Nothing need
     * be locked; who goes on to a change asks again.
     *
     * @throws ImageBusy if one does
     */
    @Transactional(propagation = Propagation.SUPPORTS)
    public void requireNoneForNow(UUID image) {
        require(image, "");
    }

    /** Ends an operation's claim on an image before the operation is over, because the image is about to go. */
    public void release(UUID operation, UUID image) {
        database.sql("delete from operation_claim where operation_id = :operation and image_id = :image")
                .param("operation", operation)
                .param("image", image)
                .update();
    }

    private void require(UUID image, String condition) {
        claim(image, condition).ifPresent(busy -> {
            throw busy;
        });
    }

    private Optional<ImageBusy> claim(UUID image, String condition) {
        return database.sql("select o.id, o.kind from operation_claim c join operation o on o.id = c.operation_id"
                        + " where c.image_id = :image" + condition + " limit 1")
                .param("image", image)
                .query((row, _) -> new ImageBusy(image, row.getObject("id", UUID.class), row.getString("kind")))
                .optional();
    }

    /** The operation that changes an image, for those of these images that one does. For views: nothing need be locked. */
    @Transactional(propagation = Propagation.SUPPORTS)
    public Map<UUID, UUID> changing(Collection<UUID> images) {
        Map<UUID, UUID> operations = new HashMap<>();
        if (!images.isEmpty()) {
            database.sql("select exclusive_image_id, operation_id from operation_claim"
                            + " where exclusive_image_id in (:images)")
                    .param("images", images)
                    .query(row -> {
                        operations.put(
                                row.getObject("exclusive_image_id", UUID.class),
                                row.getObject("operation_id", UUID.class));
                    });
        }
        return operations;
    }

    void add(UUID operation, List<Claim> claims) {
        for (Claim claim : claims) {
            if (claim.isExclusive()) {
                requireNone(claim.image());
            } else {
                requireUnchanging(claim.image());
            }
            database.sql("insert into operation_claim (operation_id, image_id, exclusive_image_id, image_clonable,"
                            + " removes) values (:operation, :image, :exclusive, :clonable, :removes)")
                    .param("operation", operation)
                    .param("image", claim.image())
                    .param("exclusive", claim.isExclusive() ? claim.image() : null)
                    .param("clonable", claim.need() == Claim.Need.STAYS_PARENT ? Boolean.TRUE : null)
                    .param("removes", claim.need() == Claim.Need.REMOVES)
                    .update();
        }
    }

    void release(UUID operation) {
        database.sql("delete from operation_claim where operation_id = :operation")
                .param("operation", operation)
                .update();
    }
}
