package io.cowshed.catalog;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;
import org.springframework.jdbc.core.RowMapper;

/** Enough of an image to name it. */
public record ImageLink(UUID id, String name, ImageState state) {

    static final RowMapper<ImageLink> ROW = (row, _) -> of(row);

    /** From the columns id, name and state. */
    static ImageLink of(ResultSet row) throws SQLException {
        return new ImageLink(
                row.getObject("id", UUID.class), row.getString("name"), ImageState.parse(row.getString("state")));
    }
}
