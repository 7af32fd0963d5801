package io.cowshed.bench;

import io.cowshed.testing.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A catalogue of 100,000 images or more: a chain of 16, 10,000 clones of its end, and clones of a hundred bases. */
final class Fleet {

    static final int SIZE = 100_000;
    private static final long MIB = 1 << 20;
    static final int SIBLINGS = 10_000;
    static final int CHAIN = 16;
    private static final int BASES = 100;

    private final List<UUID> chain = new ArrayList<>();
    private final Random random = new Random(1);
    private final int size;
    private int count;

    private Fleet(int size) {
        this.size = size;
    }

    /** Fills a database whose schema is there, and whose catalogue is empty. */
    static Fleet in(TestDatabase database) throws SQLException {
        return in(database, SIZE);
    }

    /** As above, with that many images. */
    static Fleet in(TestDatabase database, int size) throws SQLException {
        Fleet fleet = new Fleet(size);
        try (Connection connection = database.connect()) {
            connection.setAutoCommit(false);
            fleet.fill(connection);
            connection.commit();
            try (Statement statement = connection.createStatement()) {
                statement.executeUpdate(
                        "update image p set child_count = (select count(*) from image c where c.parent_id = p.id) "
                                + "where exists (select 1 from image c where c.parent_id = p.id)");
                connection.commit();
                connection.setAutoCommit(true);
                statement.execute(database.kind() == TestDatabase.Kind.H2 ? "analyze" : "vacuum analyze");
            }
        }
        return fleet;
    }

    /** The base first, the parent of the siblings last. */
    List<UUID> chain() {
        return chain;
    }

    private void fill(Connection connection) throws SQLException {
        try (PreparedStatement image = connection.prepareStatement(
                        "insert into image (id, name, live_name, description, search_text, state, sealed, protected, lifetime, "
                                + "clonable, parent_id, parent_clonable, virtual_size, allocated_size, cluster_size, "
                                + "digest, created_at, created_by, updated_at, version) values (?, ?, ?, ?, ?, 'available', "
                                + "?, false, 'persistent', ?, ?, ?, ?, 0, 65536, ?, ?, 'test', ?, 0)");
                PreparedStatement label = connection.prepareStatement("insert into image_label values (?, ?, ?)")) {
            for (int i = 0; i < CHAIN; i++) {
                chain.add(add(image, label, chain.isEmpty() ? null : chain.getLast(), true));
            }
            image.executeBatch();
            List<UUID> bases = new ArrayList<>();
            for (int i = 0; i < BASES; i++) {
                bases.add(add(image, label, null, true));
            }
            image.executeBatch();
            for (int i = 0; i < SIBLINGS; i++) {
                add(image, label, chain.getLast(), false);
            }
            image.executeBatch();
            while (count < size) {
                add(image, label, bases.get(random.nextInt(BASES)), false);
                if (count % 10_000 == 0) {
                    image.executeBatch();
                    label.executeBatch();
                }
            }
            image.executeBatch();
            label.executeBatch();
        }
    }

    private UUID add(PreparedStatement image, PreparedStatement label, @Nullable UUID parent, boolean sealed)
            throws SQLException {
        int number = count++;
        UUID id = new UUID(((1_700_000_000_000L + number) << 16) | 0x7000, (0b10L << 62) | (random.nextLong() >>> 2));
        Object created = Instant.ofEpochMilli(1_700_000_000_000L + number).atOffset(ZoneOffset.UTC);
        String name = "%s-%06d".formatted(sealed ? "base" : "disk", random.nextInt(1_000_000)) + "-" + number;
        String description = "disk number " + number + " of the fleet, made for a performance test";
        List<@Nullable Object> values =
                new ArrayList<>(List.of(id, name, name, description, name + "\n" + description, sealed, sealed));
        values.add(parent);
        values.add(parent == null ? null : true);
        values.add((1 + random.nextInt(64)) * MIB);
        values.add(sealed ? "blkhash-sha256:" + "%064x".formatted(number) : null);
        values.add(created);
        values.add(created);
        for (int i = 0; i < values.size(); i++) {
            image.setObject(i + 1, values.get(i));
        }
        image.addBatch();
        addLabel(label, id, "team", "team-" + number % 20);
        addLabel(label, id, "env", number % 3 == 0 ? "prod" : "test");
        if (number % 5_000 == 0) {
            addLabel(label, id, "rare", "yes");
        }
        return id;
    }

    private static void addLabel(PreparedStatement label, UUID id, String key, String value) throws SQLException {
        label.setObject(1, id);
        label.setString(2, key);
        label.setString(3, value);
        label.addBatch();
    }
}
