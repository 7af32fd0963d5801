package io.cowshed.rescue;

import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.RestoredImage;
import io.cowshed.catalog.RestoredImages;
import io.cowshed.database.Transactions;
import io.cowshed.event.EventType;
import io.cowshed.event.Events;
import io.cowshed.event.Subject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The catalogue as adoption needs it: beside running replicas, by the rules of the schema. */
final class AdoptCatalogue {

    /** Who has made what was adopted. */
    static final String BY = "adopt";

    private final JdbcClient database;
    private final Transactions transactions;
    private final RestoredImages images;
    private final Events events;

    AdoptCatalogue(JdbcClient database, Transactions transactions, RestoredImages images, Events events) {
        this.database = database;
        this.transactions = transactions;
        this.images = images;
        this.events = events;
    }

    boolean hasName(String name) {
        return database.sql("select exists (select 1 from image where live_name = ?)")
                .param(name)
                .query(Boolean.class)
                .single();
    }

    /** Whether it was adopted, whatever has become of it since. */
    boolean has(UUID image) {
        return database.sql("select exists (select 1 from image where id = ? and state <> 'creating')")
                .param(image)
                .query(Boolean.class)
                .single();
    }

    /** Whether it was adopted, and others may lie on it. */
    boolean isAdoptedParent(UUID image) {
        return database.sql("select exists (select 1 from image where id = ? and clonable and created_by = ?)")
                .params(image, BY)
                .query(Boolean.class)
                .single();
    }

    /** The images that it lies on, itself first. */
    List<UUID> chain(@Nullable UUID image) {
        return image == null
                ? List.of()
                : database.sql("with recursive chain (id, parent, depth) as (select id, parent_id, 0 from image where"
                                + " id = :id union all select i.id, i.parent_id, c.depth + 1 from chain c join image i"
                                + " on i.id = c.parent) select id from chain order by depth")
                        .param("id", image)
                        .query((row, _) -> row.getObject("id", UUID.class))
                        .list();
    }

    /** Adds an image whose file is in place, durably. */
    void add(RestoredImage image) {
        transactions.write(() -> {
            if (image.parent() != null) {
                database.sql("select id from image where id = ? for update")
                        .param(image.parent())
                        .query(UUID.class)
                        .single();
                database.sql("update image set child_count = child_count + 1 where id = ?")
                        .param(image.parent())
                        .update();
            }
            images.add(List.of(image));
            events.raise(
                    EventType.IMAGE_CREATED, new Subject(Subject.Kind.IMAGE, image.id(), image.name()), data(image));
            return image.id();
        });
    }

    private static Map<String, @Nullable Object> data(RestoredImage image) {
        Map<String, @Nullable Object> data = new LinkedHashMap<>();
        data.put("state", ImageState.AVAILABLE);
        data.put("sealed", image.isClonable());
        data.put("parent", image.parent());
        data.put("virtualSize", image.layout() == null ? 0 : image.layout().virtualSize());
        data.put("digest", image.digest() == null ? null : image.digest().digest());
        data.put("labels", image.labels());
        return data;
    }
}
