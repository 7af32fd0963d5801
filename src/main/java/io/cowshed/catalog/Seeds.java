package io.cowshed.catalog;

import io.cowshed.event.EventType;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.CataloguedFile;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * The rows of seed disks, which go with their images' rows. Each method is one transaction, or part of the caller's; it locks
 * the image's row before it looks.
 */
@Component
@Transactional
public class Seeds {

    private final Images images;
    private final JdbcClient database;
    private final ImageEvents events;

    Seeds(Images images, JdbcClient database, ImageEvents events) {
        this.images = images;
        this.database = database;
        this.events = events;
    }

    /** Adds the seed disks of images that the caller's transaction has just added; their files are in place. */
    @Transactional(propagation = Propagation.MANDATORY)
    public void add(List<Seed> seeds) {
        seeds.forEach(this::insert);
    }

    /**
     * Gives an image a seed disk, whose file is in place.
     *
     * @param replaced the one that it has now, as the caller knows it; null for none
     * @param expectedVersions one of which the caller has read, or null to replace whatever there is
     * @throws ImageNotFound if there is no such image
     * @throws CowshedException of type IMAGE_NOT_AVAILABLE if it is not, of type PRECONDITION_FAILED if it has another seed disk
     */
    public void put(Seed seed, CataloguedFile.@Nullable Seed replaced, @Nullable Set<Long> expectedVersions) {
        Image image = lock(seed.file().image());
        requireUnchanged(image, replaced, expectedVersions);
        delete(image.id());
        insert(seed);
        events.seeded(image, seed);
    }

    /**
     * Takes an image's seed disk away; its file is still there.
     *
     * @param removed the one that it has now, as the caller knows it
     * @param expectedVersions as for {@link #put}
     * @throws ImageNotFound as there
     * @throws CowshedException as there
     */
    public void remove(CataloguedFile.Seed removed, @Nullable Set<Long> expectedVersions) {
        Image image = lock(removed.image());
        requireUnchanged(image, removed, expectedVersions);
        delete(image.id());
        events.raise(EventType.IMAGE_UNSEEDED, image);
    }

    /** The seed disk that an image has now. */
    @Transactional(readOnly = true)
    public Optional<Seed> find(UUID image) {
        return database.sql("select * from image_seed where image_id = :image")
                .param("image", image)
                .query((row, _) -> seed(row))
                .optional();
    }

    /**
     * The seed disk that an image has now.
     *
     * @throws ImageNotFound if there is no such image
     * @throws SeedNotFound if it has none
     */
    @Transactional(readOnly = true)
    public Seed require(ImageRef ref) {
        Image image = images.find(ref);
        return find(image.id()).orElseThrow(() -> new SeedNotFound(image));
    }

    /** The seed disks of images, by the images; those that have none are left out. */
    @Transactional(readOnly = true)
    public Map<UUID, SeedLink> links(Collection<UUID> of) {
        if (of.isEmpty()) {
            return Map.of();
        }
        return database
                .sql("select image_id, file_number, instance_id from image_seed where image_id in (:images)")
                .param("images", of)
                .query((row, _) -> new SeedLink(file(row), row.getString("instance_id")))
                .stream()
                .collect(Collectors.toMap(link -> link.file().image(), Function.identity()));
    }

    /** Whether an image has this very seed disk, once every change that is under way for the image has ended. */
    boolean isThere(CataloguedFile.Seed file) {
        if (!images.exists(file.image())) {
            return false;
        }
        Image image = images.lock(ImageRef.of(file.image()));
        return file.equals(links(List.of(image.id())).values().stream()
                .map(SeedLink::file)
                .findAny()
                .orElse(null));
    }

    private Image lock(UUID id) {
        Image image = images.lock(ImageRef.of(id));
        image.requireAvailable("given another seed disk");
        return image;
    }

    private void requireUnchanged(
            Image image, CataloguedFile.@Nullable Seed known, @Nullable Set<Long> expectedVersions) {
        SeedLink now = links(List.of(image.id())).get(image.id());
        boolean same = now == null ? known == null : now.file().equals(known);
        boolean expected = expectedVersions == null
                || (now != null && expectedVersions.contains(now.file().number()));
        if (!same || !expected) {
            throw new CowshedException(
                    ProblemType.PRECONDITION_FAILED,
                    "The seed disk of image " + Text.quote(image.name()) + " has changed since it was read.",
                    "Read it again, GET /api/v1/images/" + image.id() + "/seed, and decide anew.");
        }
    }

    private void insert(Seed seed) {
        database.sql("insert into image_seed (image_id, file_number, instance_id, user_data, meta_data, network_config,"
                        + " created_at, created_by) values (:image, :number, :instance, :userData, :metaData,"
                        + " :networkConfig, :createdAt, :createdBy)")
                .param("image", seed.file().image())
                .param("number", seed.file().number())
                .param("instance", seed.instanceId())
                .param("userData", seed.given().userData())
                .param("metaData", seed.given().metaData())
                .param("networkConfig", seed.given().networkConfig())
                .param("createdAt", seed.createdAt().atOffset(ZoneOffset.UTC))
                .param("createdBy", seed.createdBy())
                .update();
    }

    private void delete(UUID image) {
        database.sql("delete from image_seed where image_id = :image")
                .param("image", image)
                .update();
    }

    private static Seed seed(ResultSet row) throws SQLException {
        return new Seed(
                file(row),
                row.getString("instance_id"),
                new SeedTexts(row.getString("user_data"), row.getString("meta_data"), row.getString("network_config")),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getString("created_by"));
    }

    private static CataloguedFile.Seed file(ResultSet row) throws SQLException {
        return new CataloguedFile.Seed(row.getObject("image_id", UUID.class), row.getLong("file_number"));
    }
}
