package io.cowshed.rescue;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The rows of a catalogue that is made anew, but those of images: written in the caller's transaction. */
final class RescueTables {

    /** What nobody has who only has the schema. */
    private static final List<String> FILLED = List.of(
            "image",
            "family",
            "operation",
            "attachment",
            "access_token",
            "subscription",
            "hook",
            "event",
            "event_inbox");

    private final JdbcClient database;

    RescueTables(JdbcClient database) {
        this.database = database;
    }

    /** The first table that is not empty; null where all are. */
    @Nullable
    String filled() {
        for (String table : FILLED) {
            if (database.sql("select exists (select 1 from " + table + ")")
                    .query(Boolean.class)
                    .single()) {
                return table;
            }
        }
        return null;
    }

    /** From now on the database belongs to the volume of this installation. */
    void belongTo(UUID installation) {
        database.sql("update installation set id = :id")
                .param("id", installation)
                .update();
    }

    void add(FamilyRecord family) {
        database.sql("insert into family (id, name, description, created_at, created_by, updated_at, version)"
                        + " values (:id, :name, :description, :createdAt, :createdBy, :updatedAt, :version)")
                .param("id", family.id())
                .param("name", family.name())
                .param("description", family.description())
                .param("createdAt", utc(family.createdAt()))
                .param("createdBy", family.createdBy())
                .param("updatedAt", utc(family.updatedAt()))
                .param("version", family.version() + 1)
                .update();
        family.labels()
                .forEach((key, value) -> database.sql("insert into family_label (family_id, label_key, label_value)"
                                + " values (:id, :key, :value)")
                        .param("id", family.id())
                        .param("key", key)
                        .param("value", value)
                        .update());
    }

    void add(VersionRecord version) {
        database.sql("insert into family_version (id, family_id, word, ordinal, image_id, image_clonable, notes,"
                        + " deprecated_at, obsolete_at, replacement, published_at, published_by, updated_at, version)"
                        + " values (:id, :family, :word, :ordinal, :image, true, :notes, :deprecated, :obsolete,"
                        + " :replacement, :publishedAt, :publishedBy, :updatedAt, :version)")
                .param("id", version.id())
                .param("family", version.family())
                .param("word", version.word())
                .param("ordinal", version.ordinal())
                .param("image", version.image())
                .param("notes", version.notes())
                .param("deprecated", utc(version.deprecatedAt()))
                .param("obsolete", utc(version.obsoleteAt()))
                .param("replacement", version.replacement())
                .param("publishedAt", utc(version.publishedAt()))
                .param("publishedBy", version.publishedBy())
                .param("updatedAt", utc(version.updatedAt()))
                .param("version", version.version() + 1)
                .update();
    }

    void addSeed(UUID image, ImageRecord.SeedRecord seed) {
        database.sql("insert into image_seed (image_id, file_number, instance_id, created_at, created_by)"
                        + " values (:image, :number, :instance, :createdAt, :createdBy)")
                .param("image", image)
                .param("number", seed.number())
                .param("instance", seed.instanceId())
                .param("createdAt", utc(seed.createdAt()))
                .param("createdBy", seed.createdBy())
                .update();
    }

    private static @Nullable OffsetDateTime utc(@Nullable Instant time) {
        return time == null ? null : time.atOffset(ZoneOffset.UTC);
    }
}
