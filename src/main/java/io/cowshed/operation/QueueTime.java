package io.cowshed.operation;

import com.github.kagkarlsson.scheduler.jdbc.AutodetectJdbcCustomization;
import io.cowshed.database.DatabaseClock;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Has the times in the queue's table be those of the database's clock. The queue itself reads the clock of its machine; replicas
 * whose clocks disagree would take each other for dead, or never, and not see what is due.
 */
final class QueueTime extends AutodetectJdbcCustomization {

    private final DatabaseClock clock;

    QueueTime(DataSource dataSource, DatabaseClock clock) {
        super(dataSource);
        this.clock = clock;
    }

    @Override
    public void setInstant(PreparedStatement statement, int index, @Nullable Instant time) throws SQLException {
        super.setInstant(statement, index, time == null ? null : time.minus(clock.skew()));
    }

    @Override
    public @Nullable Instant getInstant(ResultSet row, String column) throws SQLException {
        Instant time = super.getInstant(row, column);
        return time == null ? null : time.plus(clock.skew());
    }
}
