package io.cowshed.catalog;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.persistence.EntityManager;
import java.util.Collection;
import java.util.List;
import java.util.Map;
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
    private final Rows rows;
    private final JdbcClient database;
    private final FamilyVersions versions;
    private final Timer locks;

    Images(EntityManager entities, Rows rows, JdbcClient database, FamilyVersions versions, MeterRegistry meters) {
        this.entities = entities;
        this.rows = rows;
        this.database = database;
        this.versions = versions;
        this.locks = Timer.builder("cowshed.image.lock")
                .description("Getting the lock of an image's row, the database's answer included")
                .register(meters);
    }

    /**
     * The image as it is now.
     *
     * @throws ImageNotFound if there is none
     */
    public Image find(ImageRef ref) {
        return resolve(ref).flatMap(id -> rows.find(Image.class, id)).orElseThrow(() -> new ImageNotFound(ref));
    }

    /** Those of the images that are there, as they are now, with their labels. */
    public List<Image> find(Collection<UUID> ids) {
        return ids.isEmpty()
                ? List.of()
                : entities.createQuery("select i from Image i left join fetch i.labels where i.id in :ids", Image.class)
                        .setParameter("ids", ids)
                        .getResultList();
    }

    /**
     * The id of the image: for a caller who has to lock something else before it, and so must not load it yet.
     *
     * @throws ImageNotFound if there is none
     */
    public UUID id(ImageRef ref) {
        return resolve(ref).orElseThrow(() -> new ImageNotFound(ref));
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
            Image image = resolve(ref).flatMap(this::locked).orElseThrow(() -> new ImageNotFound(ref));
            if (isStill(ref, image)) {
                return image;
            }
            entities.detach(image);
        }
    }

    /**
     * Those of the images that have the version still and whose rows nobody else has locked, with their labels; locked as by {@link
     * #lock}. Waits for nobody: who has some rows and waits for others could wait for one who waits for him.
     *
     * @param versions by the images' ids
     */
    @Transactional(propagation = Propagation.MANDATORY)
    List<Image> lockIdle(Map<UUID, Long> versions) {
        if (versions.isEmpty()) {
            return List.of();
        }
        List<UUID> locked = database.sql("select id from image where id in (:ids) for update skip locked")
                .param("ids", versions.keySet())
                .query(ID)
                .list();
        return find(locked).stream()
                .filter(image -> Long.valueOf(image.version()).equals(versions.get(image.id())))
                .toList();
    }

    private Optional<Image> locked(UUID id) {
        Timer.Sample sample = Timer.start();
        try {
            return rows.lock(Image.class, id);
        } finally {
            sample.stop(locks);
        }
    }

    /**
     * That an image that was found by a version is that version still. The caller's transaction has its row locked, so that it
     * stays what it is; what was found by another reference need not be the same still.
     *
     * @throws VersionMoved if it is not
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public void requireStill(ImageRef ref, UUID id) {
        switch (ref) {
            case ImageRef.ById _, ImageRef.ByName _ -> {}
            case ImageRef.ByVersion _, ImageRef.ByLatest _ -> {
                if (!resolve(ref).equals(Optional.of(id))) {
                    throw new VersionMoved(ref);
                }
            }
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
            case ImageRef.ByVersion version -> versions.image(version);
            case ImageRef.ByLatest latest -> versions.image(latest);
        };
    }

    /** A name that was resolved before the lock was had may have passed to another image. */
    private boolean isStill(ImageRef ref, Image image) {
        return switch (ref) {
            case ImageRef.ById _ -> true;
            case ImageRef.ByName(ImageName name) ->
                image.state() != ImageState.TRASHED && image.name().equals(name.value());
            case ImageRef.ByVersion _, ImageRef.ByLatest _ -> resolve(ref).equals(Optional.of(image.id()));
        };
    }
}
