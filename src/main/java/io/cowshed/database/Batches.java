package io.cowshed.database;

import java.util.function.IntSupplier;
import org.springframework.stereotype.Component;

/** Goes through more than one transaction should take: a long one would keep others waiting. */
@Component
public class Batches {

    private final Transactions transactions;

    Batches(Transactions transactions) {
        this.transactions = transactions;
    }

    /**
     * Repeats a piece of work, each time in a transaction of its own, until there is not enough left for a whole batch.
     *
     * @param size of a batch
     * @param some does up to that many, and answers how many it did
     * @return how many were done in all
     */
    public int all(int size, IntSupplier some) {
        int done = 0;
        int batch;
        do {
            batch = transactions.write(some::getAsInt);
            done += batch;
        } while (batch == size);
        return done;
    }
}
