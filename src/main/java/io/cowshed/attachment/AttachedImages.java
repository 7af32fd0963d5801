package io.cowshed.attachment;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageUse;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** What attachments forbid. One that has ended counts until all is done that its end entails. */
@Component
@Transactional(propagation = Propagation.SUPPORTS)
public class AttachedImages implements ImageUse {

    private final JdbcClient database;

    AttachedImages(JdbcClient database) {
        this.database = database;
    }

    @Override
    public void requireNone(Image image, String attempt) {
        refuseFor(image, attempt, of(image.id()));
    }

    @Override
    public void requireNoWriter(Image image, String attempt) {
        refuseFor(
                image,
                attempt,
                of(image.id()).stream()
                        .filter(held -> held.access() == Access.RW)
                        .toList());
    }

    @Override
    public boolean isAttached(UUID image) {
        return !of(image).isEmpty();
    }

    @Override
    public Set<UUID> attached(Collection<UUID> images) {
        return images.isEmpty()
                ? Set.of()
                : Set.copyOf(
                        database.sql("select distinct held_image_id from attachment where held_image_id in (:images)")
                                .param("images", images)
                                .query(UUID.class)
                                .list());
    }

    /** Those that hold the image, the oldest first, as far as a refusal has a use for them. */
    List<Attachment> of(UUID image) {
        return database.sql("select " + Attachment.COLUMNS + " from attachment where held_image_id = :image"
                        + " order by created_at, id limit 1000")
                .param("image", image)
                .query(Attachment.ROW)
                .list();
    }

    private static void refuseFor(Image image, String attempt, List<Attachment> held) {
        if (!held.isEmpty()) {
            throw new ImageAttached(image.name(), attempt, held.getFirst(), held.size() - 1L);
        }
    }
}
