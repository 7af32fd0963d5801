package io.cowshed.event;

import io.cowshed.database.Transactions;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * The order of events. Ids cannot be it: a transaction may commit long after it took its ids, and who reads on from the last
 * id that it saw would never see those. So events wait in an inbox until they are committed, and then get their places, by
 * one transaction at a time on all replicas.
 */
@Component
public class EventSequence {

    private static final int AT_A_TIME = 500;

    private final JdbcClient database;
    private final Transactions transactions;
    private final ReentrantLock turn = new ReentrantLock();

    EventSequence(JdbcClient database, Transactions transactions) {
        this.database = database;
        this.transactions = transactions;
    }

    /**
     * Gives everything that is committed now its place. To be called in no transaction. One caller at a time does: all of them,
     * while another replica has the row locked, would have all connections to the database that there are.
     */
    public void advance() {
        turn.lock();
        try {
            while (isSomethingWaiting() && transactions.write(this::place) == AT_A_TIME) {}
        } finally {
            turn.unlock();
        }
    }

    /**
     * The events after a place, in their order.
     *
     * @param limit how many at most
     */
    @Transactional(readOnly = true)
    public List<Event> after(long position, int limit) {
        return database.sql("select " + Event.COLUMNS + " from event e where e.position > :position"
                        + " order by e.position limit :limit")
                .param("position", position)
                .param("limit", limit)
                .query(Event.ROW)
                .list();
    }

    /** The last place that was given; 0 where none was. */
    @Transactional(readOnly = true)
    public long last() {
        return database.sql("select position from event_head where name = 'log'")
                .query(Long.class)
                .single();
    }

    /** A look that writes nothing costs no fsync. */
    private boolean isSomethingWaiting() {
        return database.sql("select exists (select 1 from event_inbox)")
                .query(Boolean.class)
                .single();
    }

    private int place() {
        long last = database.sql("select position from event_head where name = 'log' for update")
                .query(Long.class)
                .single();
        List<UUID> ids = database.sql("select id from event_inbox order by id limit " + AT_A_TIME)
                .query((row, _) -> row.getObject("id", UUID.class))
                .list();
        if (ids.isEmpty()) {
            return 0;
        }
        String columns = "id, type, subject_kind, subject_id, subject_name, principal, request_id, remote_address,"
                + " happened_at, data";
        database.sql("insert into event (position, " + columns + ") select cast(:last as bigint) + row_number() over"
                        + " (order by id), " + columns + " from event_inbox where id in (:ids)")
                .param("last", last)
                .param("ids", ids)
                .update();
        database.sql("delete from event_inbox where id in (:ids)")
                .param("ids", ids)
                .update();
        database.sql("update event_head set position = :position where name = 'log'")
                .param("position", last + ids.size())
                .update();
        return ids.size();
    }
}
