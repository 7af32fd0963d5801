package io.cowshed.pool;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.springframework.jdbc.core.RowMapper;

/**
 * That clones of a family's latest version are to lie ready.
 *
 * @param size how many, 0 to {@value #MAX_SIZE}
 * @param createdBy the name of an access token
 * @param version grows with every change of the size
 */
public record Pool(
        UUID familyId, String family, int size, Instant createdAt, String createdBy, Instant updatedAt, long version) {

    /** The most clones that a pool may have. */
    public static final int MAX_SIZE = 1000;

    static final String SELECT = "select p.family_id, f.name as family, p.pool_size, p.created_at, p.created_by,"
            + " p.updated_at, p.version from pool p join family f on f.id = p.family_id ";

    static final RowMapper<Pool> ROW = (row, _) -> of(row);

    private static Pool of(ResultSet row) throws SQLException {
        return new Pool(
                row.getObject("family_id", UUID.class),
                row.getString("family"),
                row.getInt("pool_size"),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getString("created_by"),
                row.getObject("updated_at", OffsetDateTime.class).toInstant(),
                row.getLong("version"));
    }
}
