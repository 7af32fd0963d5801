package io.cowshed.rescue;

import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The disks in a directory that is to be adopted: in a {@link Scratch} database. */
final class AdoptNotes implements AutoCloseable {

    private final Scratch scratch;
    private final JdbcClient notes;

    private AdoptNotes(Scratch scratch) {
        this.scratch = scratch;
        this.notes = scratch.client();
    }

    static AdoptNotes open() throws IOException {
        return new AdoptNotes(Scratch.open(
                "create table disk (file varchar primary key, id uuid, name varchar, backing varchar, parent uuid,"
                        + " done boolean, size bigint, inode bigint, level int, parented boolean default false)",
                "create index disk_by_backing on disk (backing)",
                "create index disk_by_name on disk (name)",
                "create index disk_by_level on disk (level, file)"));
    }

    /**
     * A disk.
     *
     * @param file its name in the directory
     * @param id of the image that it is, or becomes
     * @param name of that image
     * @param backing the file in the directory that it lies on; null for none
     * @param parent the image of the catalogue that it lies on already; null for none
     * @param done whether the catalogue has it already
     * @param size what it takes, in bytes
     * @param inode by which two names of one file are told from two files
     */
    record Disk(
            String file,
            UUID id,
            String name,
            @Nullable String backing,
            @Nullable UUID parent,
            boolean done,
            long size,
            long inode) {}

    /**
     * A disk, its place in the graph known.
     *
     * @param parent the image that it lies on; null for none
     * @param sealed whether others lie on it
     */
    record Placed(Disk disk, @Nullable UUID parent, boolean sealed) {}

    void add(Disk disk) {
        notes.sql("insert into disk (file, id, name, backing, parent, done, size, inode)"
                        + " values (:file, :id, :name, :backing, :parent, :done, :size, :inode)")
                .param("file", disk.file())
                .param("id", disk.id())
                .param("name", disk.name())
                .param("backing", disk.backing())
                .param("parent", disk.parent())
                .param("done", disk.done())
                .param("size", disk.size())
                .param("inode", disk.inode())
                .update();
    }

    /** Orders the disks so that each comes after the one that it lies on; answers the highest level. */
    int order() {
        notes.sql("update disk set parented = true where file in (select backing from disk where backing is not null)")
                .update();
        int level = 0;
        int found = notes.sql("update disk set level = 0 where backing is null").update();
        while (found > 0) {
            found = notes.sql("update disk set level = :next where level is null"
                            + " and backing in (select file from disk where level = :level)")
                    .param("next", level + 1)
                    .param("level", level)
                    .update();
            level++;
        }
        return level - 1;
    }

    /** What has no place: its backing file is none of these disks, or lies on it in turn. Some of them. */
    List<Disk> unplaced() {
        return notes.sql("select * from disk where level is null order by file limit " + Scratch.PAGE)
                .query((row, _) -> disk(row))
                .list();
    }

    boolean has(String file) {
        return notes.sql("select exists (select 1 from disk where file = ?)")
                .param(file)
                .query(Boolean.class)
                .single();
    }

    /** Names that more than one disk would have. Some of them. */
    List<String> doubles() {
        return notes.sql("select name from disk where not done group by name having count(*) > 1 order by name limit "
                        + Scratch.PAGE)
                .query((row, _) -> row.getString("name"))
                .list();
    }

    /** Two names of each file that has more than one. Some of them. */
    List<String> twins() {
        return notes.sql("select min(file) || ' and ' || max(file) as names from disk where not done group by inode"
                        + " having count(*) > 1 order by names limit " + Scratch.PAGE)
                .query((row, _) -> row.getString("names"))
                .list();
    }

    /** What all take that the catalogue does not have, in bytes. */
    long size() {
        return notes.sql("select coalesce(sum(size), 0) from disk where not done")
                .query(Long.class)
                .single();
    }

    /** The disks of a level after that file, in the order of their files' names. */
    List<Placed> page(int level, String last) {
        return notes.sql("select d.*, b.id as backing_id from disk d left join disk b on b.file = d.backing"
                        + " where d.level = :level and d.file > :last order by d.file limit " + Scratch.PAGE)
                .param("level", level)
                .param("last", last)
                .query((row, _) -> {
                    Disk disk = disk(row);
                    UUID backing = row.getObject("backing_id", UUID.class);
                    return new Placed(disk, backing == null ? disk.parent() : backing, row.getBoolean("parented"));
                })
                .list();
    }

    private static Disk disk(ResultSet row) throws SQLException {
        return new Disk(
                row.getString("file"),
                row.getObject("id", UUID.class),
                row.getString("name"),
                row.getString("backing"),
                row.getObject("parent", UUID.class),
                row.getBoolean("done"),
                row.getLong("size"),
                row.getLong("inode"));
    }

    @Override
    public void close() throws IOException {
        scratch.close();
    }
}
