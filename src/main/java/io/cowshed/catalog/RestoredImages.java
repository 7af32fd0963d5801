package io.cowshed.catalog;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * Adds images that were not made here, or were lost to the catalogue, in the caller's transaction. No rule is asked but those of
 * the schema, and nobody is told.
 */
@Component
@Transactional(propagation = Propagation.MANDATORY)
public class RestoredImages {

    private static final String INSERT =
            "insert into image (id, name, live_name, description, search_text, state, sealed,"
                    + " protected, lifetime, expires_at, clonable, parent_id, parent_clonable, virtual_size, allocated_size,"
                    + " cluster_size, digest, known_digest, known_digest_size, known_digest_mtime_ns, created_at, created_by,"
                    + " updated_at, version, trashed_at, remove_when_childless, fault, lease_from, on_expire, copy_before_delete,"
                    + " expiry_warn_at, expiry_due_at, expiry_hold, expiry_hold_detail, expiry_attempts)"
                    + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                    + " ?, ?, ?)";

    private final JdbcTemplate database;

    RestoredImages(JdbcTemplate database) {
        this.database = database;
    }

    /** Adds them; their parents are there already. How many children these have is counted by {@link #countChildren}. */
    public void add(List<RestoredImage> images) {
        database.batchUpdate(INSERT, images, images.size(), RestoredImages::set);
        List<Label> labels = images.stream()
                .flatMap(image -> image.labels().entrySet().stream().map(label -> new Label(image.id(), label)))
                .toList();
        database.batchUpdate(
                "insert into image_label (image_id, label_key, label_value) values (?, ?, ?)",
                labels,
                Math.max(1, labels.size()),
                (row, label) -> {
                    row.setObject(1, label.image());
                    row.setString(2, label.entry().getKey());
                    row.setString(3, label.entry().getValue());
                });
    }

    private record Label(UUID image, Map.Entry<String, String> entry) {}

    /** Counts the children of all images anew. */
    public void countChildren() {
        database.update("update image p set child_count = (select count(*) from image c where c.parent_id = p.id)"
                + " where exists (select 1 from image c where c.parent_id = p.id)");
    }

    private static void set(PreparedStatement row, RestoredImage image) throws SQLException {
        Layout layout = image.layout();
        KnownDigest digest = image.digest();
        boolean sealed = image.isClonable() || (digest != null && image.state() == ImageState.TRASHED);
        row.setObject(1, image.id());
        row.setString(2, image.name());
        row.setString(3, image.state() == ImageState.TRASHED ? null : image.name());
        row.setString(4, image.description());
        row.setString(5, Text.lowered(image.name() + "\n" + image.description()));
        row.setString(6, image.state().word());
        row.setBoolean(7, sealed);
        row.setBoolean(8, image.isProtected());
        row.setString(9, Lifetime.of(image.lease()).word());
        row.setBoolean(11, image.isClonable());
        row.setObject(12, image.parent());
        row.setObject(13, image.parent() == null ? null : Boolean.TRUE);
        row.setLong(14, layout == null ? 0 : layout.virtualSize());
        row.setLong(15, layout == null ? 0 : layout.allocatedSize());
        row.setInt(16, layout == null ? 0 : layout.clusterSize());
        row.setString(17, sealed && digest != null ? digest.digest() : null);
        row.setString(18, digest == null ? null : digest.digest());
        row.setObject(19, digest == null ? null : digest.stamp().size());
        row.setObject(20, digest == null ? null : digest.stamp().modifiedNanos());
        row.setObject(21, utc(image.createdAt()));
        row.setString(22, image.createdBy());
        row.setObject(23, utc(image.updatedAt()));
        row.setLong(24, image.version());
        row.setObject(25, utc(image.trashedAt()));
        row.setBoolean(26, image.removeWhenChildless());
        row.setString(27, image.fault());
        setLease(row, image.lease());
    }

    private static void setLease(PreparedStatement row, @Nullable Lease lease) throws SQLException {
        row.setObject(10, lease == null ? null : utc(lease.expiresAt()));
        row.setObject(28, lease == null ? null : utc(lease.from()));
        row.setString(29, lease == null ? null : lease.onExpire().word());
        row.setString(30, lease == null ? null : lease.copy());
        row.setObject(31, lease == null ? null : utc(lease.warnAt()));
        row.setObject(32, lease == null ? null : utc(lease.dueAt()));
        row.setString(
                33, lease == null || lease.hold() == null ? null : lease.hold().word());
        row.setString(34, lease == null ? null : lease.holdDetail());
        row.setObject(35, lease == null ? null : lease.attempts());
    }

    private static @Nullable OffsetDateTime utc(@Nullable Instant time) {
        return time == null ? null : time.atOffset(ZoneOffset.UTC);
    }
}
