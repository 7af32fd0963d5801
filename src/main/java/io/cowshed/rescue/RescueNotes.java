package io.cowshed.rescue;

import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.json.JsonMapper;

/** What is found on the volume and in its export, before anything is decided: in a {@link Scratch} database. */
final class RescueNotes implements AutoCloseable {

    /** Of images that lie on nothing usable: after all others. */
    static final int LAST = Integer.MAX_VALUE;

    private static final UUID LOWEST = new UUID(0, 0);

    private final Scratch scratch;
    private final JdbcClient notes;
    private final JsonMapper json;

    private RescueNotes(Scratch scratch, JsonMapper json) {
        this.scratch = scratch;
        this.notes = scratch.client();
        this.json = json;
    }

    static RescueNotes open(JsonMapper json) throws IOException {
        Scratch scratch = Scratch.open(
                "create table record (id uuid primary key, state varchar, parent uuid, name varchar, fault varchar,"
                        + " json varchar)",
                "create table family (id uuid primary key, json varchar)",
                "create table version (id uuid primary key, json varchar)",
                "create table file (id uuid primary key, born varchar, readable boolean, backing varchar, parent uuid,"
                        + " frozen boolean, size bigint, modified bigint, allocated bigint, virtual_size bigint,"
                        + " cluster_size int, fault varchar, level int, name varchar, parented boolean default false,"
                        + " clonable boolean default false)",
                "create index file_by_parent on file (parent)",
                "create index file_by_level on file (level, id)",
                "create table seed (image uuid, number bigint, primary key (image, number))",
                "create table taken (name varchar primary key)");
        return new RescueNotes(scratch, json);
    }

    /**
     * A file in {@code images/}.
     *
     * @param born the name that it was made with; null where the file does not say
     * @param backing the name of its backing file as it stands there; null for none
     * @param parent the image that it lies on; null for none, or for a backing file that is none of the volume's
     * @param frozen whether it is read-only
     * @param layout null where the header cannot be read
     * @param fault what is wrong with it; null for nothing
     */
    record Found(
            UUID id,
            @Nullable String born,
            @Nullable String backing,
            @Nullable UUID parent,
            boolean frozen,
            long size,
            long modifiedNanos,
            long allocatedSize,
            @Nullable Sizes layout,
            @Nullable String fault) {}

    /** In bytes. */
    record Sizes(long virtualSize, int clusterSize) {}

    /**
     * A file, with what the export says of its image, and what follows from all of them.
     *
     * @param record null where the export does not have it
     * @param level how many images it lies on, or {@link #LAST}
     * @param name it is to have
     * @param parented whether another file lies on it
     * @param parentState whether the image that it lies on is there to be lain on
     */
    record Noted(
            Found file,
            @Nullable ImageRecord record,
            int level,
            String name,
            boolean parented,
            ParentState parentState) {}

    /** What there is of a parent. */
    enum ParentState {
        NONE,
        MISSING,
        UNUSABLE,
        CLONABLE
    }

    void add(ExportLine line) {
        if (line.header() != null) {
            // Each export has all families.
            notes.sql("delete from family").update();
            notes.sql("delete from version").update();
        } else if (line.family() != null) {
            insert("family", line.family().id(), json.writeValueAsString(line.family()));
        } else if (line.version() != null) {
            insert("version", line.version().id(), json.writeValueAsString(line.version()));
        } else if (line.gone() != null) {
            notes.sql("delete from record where id = ?").param(line.gone()).update();
        } else if (line.image() != null) {
            ImageRecord image = line.image();
            notes.sql("merge into record (id, state, parent, name, fault, json)"
                            + " values (:id, :state, :parent, :name, :fault, :json)")
                    .param("id", image.id())
                    .param("state", image.state())
                    .param("parent", image.parent())
                    .param("name", image.name())
                    .param("fault", image.fault())
                    .param("json", json.writeValueAsString(image))
                    .update();
        }
    }

    private void insert(String table, UUID id, String text) {
        notes.sql("insert into " + table + " (id, json) values (?, ?)")
                .params(id, text)
                .update();
    }

    boolean hasRecord(UUID image) {
        return notes.sql("select exists (select 1 from record where id = ?)")
                .param(image)
                .query(Boolean.class)
                .single();
    }

    void add(Found file) {
        Sizes layout = file.layout();
        notes.sql("insert into file (id, born, readable, backing, parent, frozen, size, modified, allocated,"
                        + " virtual_size, cluster_size, fault) values (:id, :born, :readable, :backing, :parent,"
                        + " :frozen, :size, :modified, :allocated, :virtualSize, :clusterSize, :fault)")
                .param("id", file.id())
                .param("born", file.born())
                .param("readable", layout != null)
                .param("backing", file.backing())
                .param("parent", file.parent())
                .param("frozen", file.frozen())
                .param("size", file.size())
                .param("modified", file.modifiedNanos())
                .param("allocated", file.allocatedSize())
                .param("virtualSize", layout == null ? null : layout.virtualSize())
                .param("clusterSize", layout == null ? null : layout.clusterSize())
                .param("fault", file.fault())
                .update();
    }

    void forget(UUID file) {
        notes.sql("delete from file where id = ?").param(file).update();
    }

    void addSeed(UUID image, long number) {
        notes.sql("insert into seed (image, number) values (?, ?)")
                .params(image, number)
                .update();
    }

    /** Whether there is the file of that seed disk; it is asked for once. */
    boolean takeSeed(UUID image, long number) {
        return notes.sql("delete from seed where image = ? and number = ?")
                        .params(image, number)
                        .update()
                > 0;
    }

    /** What no image has: the names of seed disks' files. */
    List<String> seedsLeft(int limit) {
        return notes.sql("select image, number from seed order by image, number limit ?")
                .param(limit)
                .query((row, _) -> row.getObject("image", UUID.class) + "." + Long.toHexString(row.getLong("number")))
                .list();
    }

    /** Orders the files so that each comes after the one that it lies on; answers the highest level. */
    int order() {
        // What the catalogue could not vouch for, it still cannot; what cannot be read lies on what it lay on.
        notes.sql("update file f set fault = coalesce(f.fault, (select r.fault from record r where r.id = f.id"
                        + " and r.state = 'error')), parent = case when f.readable then f.parent"
                        + " else (select r.parent from record r where r.id = f.id) end")
                .update();
        notes.sql("update file set parented = true where id in (select parent from file where parent is not null)")
                .update();
        int level = 0;
        int found = notes.sql("update file set level = 0 where fault is null and backing is null")
                .update();
        while (found > 0) {
            found = notes.sql("update file set level = :next where level is null and fault is null"
                            + " and parent in (select id from file where level = :level)")
                    .param("next", level + 1)
                    .param("level", level)
                    .update();
            level++;
        }
        notes.sql("update file set level = " + LAST + " where level is null").update();
        return level - 1;
    }

    /** The files of a level, in the order of their ids, from the one after {@code last} on. */
    List<Noted> page(int level, @Nullable UUID last) {
        return notes.sql("select f.*, r.json, p.id as parent_there, p.clonable as parent_clonable from file f"
                        + " left join record r on r.id = f.id left join file p on p.id = f.parent"
                        + " where f.level = :level and f.id > :last order by f.id limit " + Scratch.PAGE)
                .param("level", level)
                .param("last", last == null ? LOWEST : last)
                .query((row, _) -> noted(row))
                .list();
    }

    void name(UUID file, String name) {
        notes.sql("update file set name = ? where id = ?").params(name, file).update();
    }

    void clonable(UUID file) {
        notes.sql("update file set clonable = true where id = ?").param(file).update();
    }

    /** Takes a name, unless it is taken. */
    boolean take(String name) {
        try {
            notes.sql("insert into taken (name) values (?)").param(name).update();
            return true;
        } catch (DuplicateKeyException _) {
            return false;
        }
    }

    /** The images below a file, the nearest first. */
    List<UUID> ancestors(UUID file) {
        return notes.sql("with recursive chain (id, depth) as (select parent, 1 from file where id = :file union all"
                        + " select f.parent, c.depth + 1 from chain c join file f on f.id = c.id where f.parent is not"
                        + " null and c.depth < 1000) select id from chain where id is not null order by depth")
                .param("file", file)
                .query((row, _) -> row.getObject("id", UUID.class))
                .list();
    }

    /** Images that the export has, and the volume has no file of. */
    List<ImageRecord> lost(@Nullable UUID last) {
        return notes.sql("select r.id, r.json from record r where not exists (select 1 from file f where f.id = r.id)"
                        + " and r.id > :last order by r.id limit " + Scratch.PAGE)
                .param("last", last == null ? LOWEST : last)
                .query((row, _) -> json.readValue(row.getString("json"), ImageRecord.class))
                .list();
    }

    /** All families, a page at a time. */
    List<FamilyRecord> families(@Nullable UUID last) {
        return page("family", last, FamilyRecord.class);
    }

    /** All versions, a page at a time. */
    List<VersionRecord> versions(@Nullable UUID last) {
        return page("version", last, VersionRecord.class);
    }

    private <T> List<T> page(String table, @Nullable UUID last, Class<T> type) {
        return notes.sql("select json from " + table + " where id > :last order by id limit " + Scratch.PAGE)
                .param("last", last == null ? LOWEST : last)
                .query((row, _) -> json.readValue(row.getString("json"), type))
                .list();
    }

    boolean isClonable(UUID image) {
        return notes.sql("select exists (select 1 from file where id = ? and clonable)")
                .param(image)
                .query(Boolean.class)
                .single();
    }

    private Noted noted(ResultSet row) throws SQLException {
        UUID parent = row.getObject("parent", UUID.class);
        boolean readable = row.getBoolean("readable");
        Found file = new Found(
                row.getObject("id", UUID.class),
                row.getString("born"),
                row.getString("backing"),
                parent,
                row.getBoolean("frozen"),
                row.getLong("size"),
                row.getLong("modified"),
                row.getLong("allocated"),
                readable ? new Sizes(row.getLong("virtual_size"), row.getInt("cluster_size")) : null,
                row.getString("fault"));
        String record = row.getString("json");
        ParentState state = parent == null
                ? ParentState.NONE
                : row.getObject("parent_there", UUID.class) == null
                        ? ParentState.MISSING
                        : row.getBoolean("parent_clonable") ? ParentState.CLONABLE : ParentState.UNUSABLE;
        return new Noted(
                file,
                record == null ? null : json.readValue(record, ImageRecord.class),
                row.getInt("level"),
                Optional.ofNullable(row.getString("name")).orElse(""),
                row.getBoolean("parented"),
                state);
    }

    @Override
    public void close() throws IOException {
        scratch.close();
    }
}
