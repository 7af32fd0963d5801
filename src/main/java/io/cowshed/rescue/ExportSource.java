package io.cowshed.rescue;

import io.cowshed.rescue.ExportHeader.Place;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Isolation;
import org.springframework.transaction.annotation.Transactional;

/** Reads from the database what is exported: all as it was at one moment. */
@Component
class ExportSource {

    /** Rows in memory at a time. */
    private static final int PAGE = 500;

    /** Below the id of every image. */
    private static final UUID LOWEST = new UUID(0, 0);

    private static final String IMAGES = "select i.*, s.file_number, s.instance_id, s.created_at as seed_created_at,"
            + " s.created_by as seed_created_by from image i left join image_seed s on s.image_id = i.id"
            + " where i.state <> 'creating' and ";

    private final JdbcClient database;

    ExportSource(JdbcClient database) {
        this.database = database;
    }

    /** What is done with the rows. */
    @FunctionalInterface
    interface Reading<T extends @Nullable Object> {

        /** Does it. */
        T of(ExportSource rows) throws IOException;
    }

    /** Takes one thing. */
    @FunctionalInterface
    interface Sink<T> {

        /** Takes it. */
        void accept(T one) throws IOException;
    }

    /** Reads; on both databases a transaction of this isolation sees what was committed when it began, and nothing else. */
    @Transactional(readOnly = true, isolation = Isolation.SERIALIZABLE)
    public <T extends @Nullable Object> T inSnapshot(Reading<T> reading) throws IOException {
        return reading.of(this);
    }

    /** The last place that was given in the log of events. */
    Place place() {
        long position = database.sql("select position from event_head where name = 'log'")
                .query(Long.class)
                .single();
        return new Place(position, event(position).orElse(null));
    }

    /** Whether the log goes on, without a gap, from that place to the last one. Where no event is known at it, only gaps are seen. */
    boolean goesOnFrom(Place place, Place last) {
        if (place.event() != null
                && !place.event().equals(event(place.position()).orElse(null))) {
            return false;
        }
        long count = database.sql("select count(*) from event where position > :position")
                .param("position", place.position())
                .query(Long.class)
                .single();
        return count == last.position() - place.position();
    }

    /**
     * The images that events after a place are about, those that have no place yet included.
     *
     * @param limit how many at most
     */
    List<UUID> changedSince(Place place, int limit) {
        return database.sql("select subject_id as id from event where position > :position and subject_kind = 'image'"
                        + " union select subject_id as id from event_inbox where subject_kind = 'image'"
                        + " order by id limit :limit")
                .param("position", place.position())
                .param("limit", limit)
                .query((row, _) -> row.getObject("id", UUID.class))
                .list();
    }

    /** How many images there are. */
    long countImages() {
        return database.sql("select count(*) from image where state <> 'creating'")
                .query(Long.class)
                .single();
    }

    /** Tells one state of all families from another. */
    String families() {
        return database.sql("select count(*) as n, coalesce(sum(version), 0) as v, max(updated_at) as at from family")
                .query((row, _) -> row.getLong("n") + ":" + row.getLong("v") + ":" + instant(row, "at"))
                .single();
    }

    /** All families, then all their versions. */
    void eachFamily(Sink<FamilyRecord> families, Sink<VersionRecord> versions) throws IOException {
        UUID last = LOWEST;
        List<FamilyRecord> page;
        do {
            page = families(last);
            for (FamilyRecord family : page) {
                families.accept(family);
                last = family.id();
            }
        } while (page.size() == PAGE);
        last = LOWEST;
        List<VersionRecord> pageOfVersions;
        do {
            pageOfVersions = versions(last);
            for (VersionRecord version : pageOfVersions) {
                versions.accept(version);
                last = version.id();
            }
        } while (pageOfVersions.size() == PAGE);
    }

    /** All images but those that only reserve their name. */
    void eachImage(Sink<ImageRecord> images) throws IOException {
        UUID last = LOWEST;
        List<ImageRecord> page;
        do {
            page = images(database.sql(IMAGES + "i.id > :last order by i.id limit " + PAGE)
                    .param("last", last));
            for (ImageRecord image : page) {
                images.accept(image);
                last = image.id();
            }
        } while (page.size() == PAGE);
    }

    /** Some images; those that there are not, or that only reserve their name, are {@code gone}. */
    void eachOf(List<UUID> ids, Sink<ImageRecord> images, Sink<UUID> gone) throws IOException {
        for (int from = 0; from < ids.size(); from += PAGE) {
            List<UUID> some = ids.subList(from, Math.min(ids.size(), from + PAGE));
            Map<UUID, ImageRecord> found = new HashMap<>();
            images(database.sql(IMAGES + "i.id in (:ids)").param("ids", some))
                    .forEach(image -> found.put(image.id(), image));
            for (UUID id : some) {
                ImageRecord image = found.get(id);
                if (image == null) {
                    gone.accept(id);
                } else {
                    images.accept(image);
                }
            }
        }
    }

    private Optional<UUID> event(long position) {
        return database.sql("select id from event where position = :position")
                .param("position", position)
                .query(UUID.class)
                .optional();
    }

    private List<ImageRecord> images(JdbcClient.StatementSpec statement) {
        Map<UUID, Map<String, String>> labels = new HashMap<>();
        List<ImageRecord> images = statement
                .query((row, _) -> {
                    UUID id = row.getObject("id", UUID.class);
                    return image(row, id, labels.computeIfAbsent(id, _ -> new TreeMap<>()));
                })
                .list();
        labels("image", labels);
        return images;
    }

    private List<FamilyRecord> families(UUID last) {
        Map<UUID, Map<String, String>> labels = new HashMap<>();
        List<FamilyRecord> families = database.sql("select * from family where id > :last order by id limit " + PAGE)
                .param("last", last)
                .query((row, _) -> {
                    UUID id = row.getObject("id", UUID.class);
                    return new FamilyRecord(
                            id,
                            row.getString("name"),
                            row.getString("description"),
                            labels.computeIfAbsent(id, _ -> new TreeMap<>()),
                            time(row, "created_at"),
                            row.getString("created_by"),
                            time(row, "updated_at"),
                            row.getLong("version"));
                })
                .list();
        labels("family", labels);
        return families;
    }

    /** Fills in the labels of those whose ids are there. */
    private void labels(String of, Map<UUID, Map<String, String>> labels) {
        if (!labels.isEmpty()) {
            database.sql("select " + of + "_id as id, label_key, label_value from " + of + "_label where " + of
                            + "_id in (:ids)")
                    .param("ids", labels.keySet())
                    .query((row, _) -> labels.computeIfAbsent(row.getObject("id", UUID.class), _ -> new TreeMap<>())
                            .put(row.getString("label_key"), row.getString("label_value")))
                    .list();
        }
    }

    private List<VersionRecord> versions(UUID last) {
        return database.sql("select * from family_version where id > :last order by id limit " + PAGE)
                .param("last", last)
                .query((row, _) -> new VersionRecord(
                        row.getObject("id", UUID.class),
                        row.getObject("family_id", UUID.class),
                        row.getString("word"),
                        row.getLong("ordinal"),
                        row.getObject("image_id", UUID.class),
                        row.getString("notes"),
                        instant(row, "deprecated_at"),
                        instant(row, "obsolete_at"),
                        row.getString("replacement"),
                        time(row, "published_at"),
                        row.getString("published_by"),
                        time(row, "updated_at"),
                        row.getLong("version")))
                .list();
    }

    private static ImageRecord image(ResultSet row, UUID id, Map<String, String> labels) throws SQLException {
        return new ImageRecord(
                id,
                row.getString("name"),
                row.getString("description"),
                labels,
                row.getString("state"),
                row.getBoolean("sealed"),
                row.getBoolean("protected"),
                row.getBoolean("remove_when_childless"),
                row.getObject("parent_id", UUID.class),
                row.getString("digest"),
                known(row),
                time(row, "created_at"),
                row.getString("created_by"),
                time(row, "updated_at"),
                instant(row, "trashed_at"),
                row.getString("fault"),
                lease(row),
                seed(row),
                row.getLong("version"));
    }

    private static ImageRecord.@Nullable Known known(ResultSet row) throws SQLException {
        String digest = row.getString("known_digest");
        return digest == null
                ? null
                : new ImageRecord.Known(digest, row.getLong("known_digest_size"), row.getLong("known_digest_mtime_ns"));
    }

    private static ImageRecord.@Nullable LeaseRecord lease(ResultSet row) throws SQLException {
        Instant expiresAt = instant(row, "expires_at");
        return expiresAt == null
                ? null
                : new ImageRecord.LeaseRecord(
                        time(row, "lease_from"),
                        expiresAt,
                        row.getString("on_expire"),
                        row.getString("copy_before_delete"),
                        time(row, "expiry_warn_at"),
                        "kept".equals(row.getString("expiry_hold")));
    }

    private static ImageRecord.@Nullable SeedRecord seed(ResultSet row) throws SQLException {
        String instance = row.getString("instance_id");
        return instance == null
                ? null
                : new ImageRecord.SeedRecord(
                        row.getLong("file_number"),
                        instance,
                        time(row, "seed_created_at"),
                        row.getString("seed_created_by"));
    }

    private static Instant time(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
