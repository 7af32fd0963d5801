package io.cowshed.attachment;

import io.cowshed.metrics.Census;
import io.cowshed.metrics.Count;
import io.cowshed.metrics.Source;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** How many disks somebody has, and how many of these are over but for what is still to be done. */
@Component
class AttachmentCensus implements Census {

    private static final int PATIENCE_SECONDS = 10;

    private final JdbcClient database;

    AttachmentCensus(JdbcClient database) {
        this.database = database;
    }

    @Override
    public Source source() {
        return Source.DATABASE;
    }

    @Override
    @Transactional(readOnly = true, timeout = PATIENCE_SECONDS)
    public List<Count> take() {
        return database.sql("select count(case when state = 'active' then 1 end) as active,"
                        + " count(case when state <> 'active' then 1 end) as ending"
                        + " from attachment where held_image_id is not null")
                .query((row, _) ->
                        List.of(count("active", row.getLong("active")), count("ending", row.getLong("ending"))))
                .single();
    }

    private static Count count(String state, long n) {
        return Count.of("cowshed.attachments", "Attachments that hold an image", Tags.of("state", state), n);
    }
}
