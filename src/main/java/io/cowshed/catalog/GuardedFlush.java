package io.cowshed.catalog;

import io.cowshed.database.SqlFailures;
import io.cowshed.problem.CowshedException;
import jakarta.persistence.EntityManager;
import java.sql.Savepoint;
import java.util.Map;
import java.util.function.Supplier;
import org.hibernate.Session;
import org.springframework.stereotype.Component;

/** Writes what a transaction has changed, so that what the schema refuses is refused while its reason can be found. */
@Component
class GuardedFlush {

    private final EntityManager entities;

    GuardedFlush(EntityManager entities) {
        this.entities = entities;
    }

    /**
     * Flushes. A transaction in which a statement failed answers nothing more in PostgreSQL; so the refusal is made after
     * going back to before the flush. The transaction is to be rolled back all the same.
     *
     * @param refusals by the name of the constraint, which may query
     */
    void orRefuse(Map<String, Supplier<? extends CowshedException>> refusals) {
        Session session = entities.unwrap(Session.class);
        Savepoint before = session.doReturningWork(connection -> connection.setSavepoint());
        try {
            session.flush();
        } catch (RuntimeException e) {
            Supplier<? extends CowshedException> refusal =
                    SqlFailures.violatedConstraint(e).map(refusals::get).orElseThrow(() -> e);
            session.doWork(connection -> connection.rollback(before));
            throw refusal.get();
        }
        session.doWork(connection -> connection.releaseSavepoint(before));
    }
}
