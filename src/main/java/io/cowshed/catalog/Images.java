package io.cowshed.catalog;

import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Finds images. */
@Component
@Transactional(readOnly = true)
public class Images {

    /** From the column id. */
    static final RowMapper<UUID> ID = (row, _) -> row.getObject("id", UUID.class);

    private final EntityManager entities;
    private final JdbcClient database;

    Images(EntityManager entities, JdbcClient database) {
        this.entities = entities;
        this.database = database;
    }

    /**
     * The image as it is now.
     *
     * @throws ImageNotFound if there is none
     */
    public Image find(ImageRef ref) {
        return resolve(ref).map(id -> entities.find(Image.class, id)).orElseThrow(() -> new ImageNotFound(ref));
    }

    /**
     * The image as it is now, its row locked against every other lock and change until the caller's transaction ends. To be
     * called before anything else in the transaction has loaded the image.
     *
     * @throws ImageNotFound if there is none
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public Image lock(ImageRef ref) {
        while (true) {
            Image image = resolve(ref)
                    .map(id -> entities.find(Image.class, id, LockModeType.PESSIMISTIC_WRITE))
                    .orElseThrow(() -> new ImageNotFound(ref));
            if (!isRenamed(ref, image)) {
                return image;
            }
            entities.detach(image);
        }
    }

    /** Whether the image is catalogued now, in whatever state. */
    public boolean exists(UUID id) {
        return database.sql("select count(*) from image where id = :id")
                        .param("id", id)
                        .query(Integer.class)
                        .single()
                > 0;
    }

    /** The images that only reserve their names, oldest first. */
    public List<UUID> creating() {
        return database.sql("select id from image where state = 'creating' order by created_at, id")
                .query(ID)
                .list();
    }

    private Optional<UUID> holder(String name) {
        return database.sql("select id from image where live_name = :name")
                .param("name", name)
                .query(ID)
                .optional();
    }

    /** The first image that has one of the names. */
    Optional<ImageLink> firstHolder(List<ImageName> names) {
        return database.sql("select id, name, state from image where live_name in (:names) order by name limit 1")
                .param("names", names.stream().map(ImageName::value).toList())
                .query(ImageLink.ROW)
                .optional();
    }

    private Optional<UUID> resolve(ImageRef ref) {
        return switch (ref) {
            case ImageRef.ById(UUID id) -> Optional.of(id);
            case ImageRef.ByName(ImageName name) -> holder(name.value());
        };
    }

    /** A name that was resolved before the lock was had may have passed to another image. */
    private static boolean isRenamed(ImageRef ref, Image image) {
        return switch (ref) {
            case ImageRef.ById _ -> false;
            case ImageRef.ByName(ImageName name) ->
                image.state() == ImageState.TRASHED || !image.name().equals(name.value());
        };
    }
}
